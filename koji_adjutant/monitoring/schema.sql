-- The journal. Times are seconds since the epoch, durations seconds, sizes bytes, lists JSON.

CREATE TABLE tasks (
    task_id INTEGER PRIMARY KEY,   -- the hub's; another try of the same task takes the row of the former
    method TEXT NOT NULL,
    arch TEXT NOT NULL,
    tag TEXT,
    source TEXT,
    status TEXT NOT NULL,
    pid INTEGER,
    started_at REAL NOT NULL,
    finished_at REAL,
    log_path TEXT,
    image TEXT,
    image_digest TEXT,
    failure_class TEXT,
    failure_message TEXT,
    failure_excerpt TEXT,
    failure_log TEXT,
    failure_offset INTEGER,
    cpu_seconds REAL,
    memory_peak INTEGER,
    bytes_read INTEGER,
    bytes_written INTEGER,
    pids_peak INTEGER,
    bytes_uploaded INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX tasks_by_start ON tasks (started_at);
CREATE INDEX tasks_newest_first ON tasks (finished_at IS NULL DESC, started_at DESC, task_id DESC);
CREATE INDEX tasks_by_end ON tasks (finished_at);
CREATE INDEX tasks_by_method ON tasks (method, finished_at);

CREATE TABLE phases (
    task_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    name TEXT NOT NULL,
    started_at REAL NOT NULL,
    finished_at REAL,
    ok INTEGER,
    PRIMARY KEY (task_id, number)
) WITHOUT ROWID;

CREATE TABLE containers (
    container_id TEXT PRIMARY KEY,
    task_id TEXT NOT NULL,         -- a text, as in the container's label
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    image TEXT,
    image_digest TEXT,
    status TEXT NOT NULL,
    created_at REAL NOT NULL,
    started_at REAL,
    finished_at REAL,
    exit_code INTEGER,
    command TEXT NOT NULL,
    workdir TEXT NOT NULL,
    user TEXT NOT NULL,
    network TEXT NOT NULL,
    mounts TEXT NOT NULL,
    memory_limit INTEGER,
    cpu_limit REAL,
    pids_limit INTEGER
);
CREATE INDEX containers_by_task ON containers (task_id, status, created_at);
CREATE INDEX containers_by_name ON containers (name);
CREATE INDEX containers_by_time ON containers (created_at);
CREATE INDEX containers_by_status ON containers (status, created_at);

CREATE TABLE cache_uses (
    task_id INTEGER NOT NULL,
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    hit INTEGER NOT NULL
);
CREATE INDEX cache_uses_by_task ON cache_uses (task_id);

-- The worker whose journal this is; one row.
CREATE TABLE worker (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    worker_id TEXT NOT NULL,
    hub TEXT NOT NULL,
    version TEXT NOT NULL,
    pid INTEGER,
    started_at REAL NOT NULL,
    seen_at REAL,
    stopped_at REAL,
    look_again REAL,
    capacity REAL,
    task_load REAL,
    problem TEXT,
    draining TEXT
);

-- What only ever grows, for the metrics: kept apart, so that pruning history lowers no counter.
CREATE TABLE totals (
    metric TEXT NOT NULL,
    labels TEXT NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (metric, labels)
) WITHOUT ROWID;

CREATE TABLE durations (
    metric TEXT NOT NULL,
    labels TEXT NOT NULL,
    bucket INTEGER NOT NULL,       -- index of the upper bound, see durations.py
    count INTEGER NOT NULL,
    seconds REAL NOT NULL,
    PRIMARY KEY (metric, labels, bucket)
) WITHOUT ROWID;
