-- devhub's database: one SQLite file.
--
-- Times are seconds since the epoch (REAL). Columns declared BOOLEAN and JSON are converted by database.py.
-- A versioned table keeps its history: a row is valid from create_event up to, not including, revoke_event;
-- "active" is 1 for the row that holds now and NULL for past ones, so that UNIQUE (..., active) allows one
-- valid row and any number of old ones.

CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time REAL NOT NULL
);

-- who ---------------------------------------------------------------------------------------------------

CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    password TEXT,
    status INTEGER NOT NULL DEFAULT 0,
    usertype INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE user_krb_principals (
    user_id INTEGER NOT NULL REFERENCES users (id),
    krb_principal TEXT NOT NULL UNIQUE,
    PRIMARY KEY (user_id, krb_principal)
);

CREATE TABLE permissions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    description TEXT
);

CREATE TABLE user_perms (
    user_id INTEGER NOT NULL REFERENCES users (id),
    perm_id INTEGER NOT NULL REFERENCES permissions (id),
    create_event INTEGER NOT NULL REFERENCES events (id),
    revoke_event INTEGER REFERENCES events (id),
    creator_id INTEGER REFERENCES users (id),
    revoker_id INTEGER REFERENCES users (id),
    active BOOLEAN DEFAULT 1,
    UNIQUE (user_id, perm_id, active)
);

CREATE TABLE user_groups (
    user_id INTEGER NOT NULL REFERENCES users (id),
    group_id INTEGER NOT NULL REFERENCES users (id),
    create_event INTEGER NOT NULL REFERENCES events (id),
    revoke_event INTEGER REFERENCES events (id),
    creator_id INTEGER REFERENCES users (id),
    revoker_id INTEGER REFERENCES users (id),
    active BOOLEAN DEFAULT 1,
    UNIQUE (user_id, group_id, active)
);

CREATE TABLE sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id),
    expired BOOLEAN NOT NULL DEFAULT 0,
    closed BOOLEAN NOT NULL DEFAULT 0,
    master INTEGER REFERENCES sessions (id),
    key TEXT NOT NULL,
    authtype INTEGER NOT NULL DEFAULT 0,
    hostip TEXT NOT NULL DEFAULT '-',
    callnum INTEGER,
    start_time REAL NOT NULL,
    update_time REAL NOT NULL,
    renew_time REAL,
    exclusive BOOLEAN,
    UNIQUE (user_id, exclusive)
);

-- builders ----------------------------------------------------------------------------------------------

CREATE TABLE channels (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    enabled BOOLEAN NOT NULL DEFAULT 1,
    comment TEXT
);

CREATE TABLE host (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id),
    name TEXT NOT NULL UNIQUE,
    update_time REAL,
    task_load REAL NOT NULL DEFAULT 0.0 CHECK (task_load >= 0),
    ready BOOLEAN NOT NULL DEFAULT 0,
    data JSON
);

CREATE TABLE host_config (
    host_id INTEGER NOT NULL REFERENCES host (id),
    arches TEXT,
    capacity REAL NOT NULL DEFAULT 2.0 CHECK (capacity > 1),
    description TEXT,
    comment TEXT,
    enabled BOOLEAN NOT NULL DEFAULT 1,
    create_event INTEGER NOT NULL REFERENCES events (id),
    revoke_event INTEGER REFERENCES events (id),
    creator_id INTEGER REFERENCES users (id),
    revoker_id INTEGER REFERENCES users (id),
    active BOOLEAN DEFAULT 1,
    UNIQUE (host_id, active)
);

CREATE TABLE host_channels (
    host_id INTEGER NOT NULL REFERENCES host (id),
    channel_id INTEGER NOT NULL REFERENCES channels (id),
    create_event INTEGER NOT NULL REFERENCES events (id),
    revoke_event INTEGER REFERENCES events (id),
    creator_id INTEGER REFERENCES users (id),
    revoker_id INTEGER REFERENCES users (id),
    active BOOLEAN DEFAULT 1,
    UNIQUE (host_id, channel_id, active)
);

-- tasks -------------------------------------------------------------------------------------------------

CREATE TABLE task (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    state INTEGER NOT NULL,
    create_time REAL NOT NULL,
    start_time REAL,
    completion_time REAL,
    channel_id INTEGER NOT NULL REFERENCES channels (id),
    host_id INTEGER REFERENCES host (id),
    parent INTEGER REFERENCES task (id),
    label TEXT,
    waiting BOOLEAN,
    awaited BOOLEAN,
    owner INTEGER NOT NULL REFERENCES users (id),
    method TEXT NOT NULL,
    request TEXT NOT NULL,
    result TEXT,
    arch TEXT NOT NULL,
    priority INTEGER NOT NULL,
    weight REAL NOT NULL DEFAULT 1.0 CHECK (weight >= 0),
    assign_time REAL,
    UNIQUE (parent, label)
);
CREATE INDEX task_by_state ON task (state);
CREATE INDEX task_by_host ON task (host_id);

CREATE TABLE task_refusals (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id INTEGER NOT NULL REFERENCES task (id),
    host_id INTEGER NOT NULL REFERENCES host (id),
    by_host BOOLEAN NOT NULL DEFAULT 0,
    soft BOOLEAN NOT NULL DEFAULT 1,
    msg TEXT,
    time REAL NOT NULL,
    UNIQUE (task_id, host_id)
);

-- tags --------------------------------------------------------------------------------------------------

CREATE TABLE tag (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE tag_config (
    tag_id INTEGER NOT NULL REFERENCES tag (id),
    arches TEXT,
    perm_id INTEGER REFERENCES permissions (id),
    locked BOOLEAN NOT NULL DEFAULT 0,
    maven_support BOOLEAN NOT NULL DEFAULT 0,
    maven_include_all BOOLEAN NOT NULL DEFAULT 0,
    create_event INTEGER NOT NULL REFERENCES events (id),
    revoke_event INTEGER REFERENCES events (id),
    creator_id INTEGER REFERENCES users (id),
    revoker_id INTEGER REFERENCES users (id),
    active BOOLEAN DEFAULT 1,
    UNIQUE (tag_id, active)
);

-- A NULL value blocks the key from being inherited; a JSON null is a value.
CREATE TABLE tag_extra (
    tag_id INTEGER NOT NULL REFERENCES tag (id),
    key TEXT NOT NULL,
    value TEXT,
    create_event INTEGER NOT NULL REFERENCES events (id),
    revoke_event INTEGER REFERENCES events (id),
    creator_id INTEGER REFERENCES users (id),
    revoker_id INTEGER REFERENCES users (id),
    active BOOLEAN DEFAULT 1,
    UNIQUE (tag_id, key, active)
);

CREATE TABLE tag_inheritance (
    tag_id INTEGER NOT NULL REFERENCES tag (id),
    parent_id INTEGER NOT NULL REFERENCES tag (id),
    priority INTEGER NOT NULL,
    maxdepth INTEGER,
    intransitive BOOLEAN NOT NULL DEFAULT 0,
    noconfig BOOLEAN NOT NULL DEFAULT 0,
    pkg_filter TEXT,
    create_event INTEGER NOT NULL REFERENCES events (id),
    revoke_event INTEGER REFERENCES events (id),
    creator_id INTEGER REFERENCES users (id),
    revoker_id INTEGER REFERENCES users (id),
    active BOOLEAN DEFAULT 1,
    UNIQUE (tag_id, priority, active)
);

CREATE TABLE package (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE tag_packages (
    package_id INTEGER NOT NULL REFERENCES package (id),
    tag_id INTEGER NOT NULL REFERENCES tag (id),
    blocked BOOLEAN NOT NULL DEFAULT 0,
    extra_arches TEXT,
    create_event INTEGER NOT NULL REFERENCES events (id),
    revoke_event INTEGER REFERENCES events (id),
    creator_id INTEGER REFERENCES users (id),
    revoker_id INTEGER REFERENCES users (id),
    active BOOLEAN DEFAULT 1,
    UNIQUE (package_id, tag_id, active)
);

CREATE TABLE tag_package_owners (
    package_id INTEGER NOT NULL REFERENCES package (id),
    tag_id INTEGER NOT NULL REFERENCES tag (id),
    owner INTEGER NOT NULL REFERENCES users (id),
    create_event INTEGER NOT NULL REFERENCES events (id),
    revoke_event INTEGER REFERENCES events (id),
    creator_id INTEGER REFERENCES users (id),
    revoker_id INTEGER REFERENCES users (id),
    active BOOLEAN DEFAULT 1,
    UNIQUE (package_id, tag_id, active)
);

CREATE TABLE build_target (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE build_target_config (
    build_target_id INTEGER NOT NULL REFERENCES build_target (id),
    build_tag INTEGER NOT NULL REFERENCES tag (id),
    dest_tag INTEGER NOT NULL REFERENCES tag (id),
    create_event INTEGER NOT NULL REFERENCES events (id),
    revoke_event INTEGER REFERENCES events (id),
    creator_id INTEGER REFERENCES users (id),
    revoker_id INTEGER REFERENCES users (id),
    active BOOLEAN DEFAULT 1,
    UNIQUE (build_target_id, active)
);

CREATE TABLE groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE group_config (
    group_id INTEGER NOT NULL REFERENCES groups (id),
    tag_id INTEGER NOT NULL REFERENCES tag (id),
    blocked BOOLEAN NOT NULL DEFAULT 0,
    exported BOOLEAN DEFAULT 1,
    display_name TEXT NOT NULL,
    is_default BOOLEAN,
    uservisible BOOLEAN DEFAULT 1,
    description TEXT,
    langonly TEXT,
    biarchonly BOOLEAN DEFAULT 0,
    create_event INTEGER NOT NULL REFERENCES events (id),
    revoke_event INTEGER REFERENCES events (id),
    creator_id INTEGER REFERENCES users (id),
    revoker_id INTEGER REFERENCES users (id),
    active BOOLEAN DEFAULT 1,
    UNIQUE (group_id, tag_id, active)
);

CREATE TABLE group_package_listing (
    group_id INTEGER NOT NULL REFERENCES groups (id),
    tag_id INTEGER NOT NULL REFERENCES tag (id),
    package TEXT NOT NULL,
    blocked BOOLEAN NOT NULL DEFAULT 0,
    type TEXT NOT NULL,
    basearchonly BOOLEAN,
    requires TEXT,
    create_event INTEGER NOT NULL REFERENCES events (id),
    revoke_event INTEGER REFERENCES events (id),
    creator_id INTEGER REFERENCES users (id),
    revoker_id INTEGER REFERENCES users (id),
    active BOOLEAN DEFAULT 1,
    UNIQUE (group_id, tag_id, package, active)
);

CREATE TABLE group_req_listing (
    group_id INTEGER NOT NULL REFERENCES groups (id),
    tag_id INTEGER NOT NULL REFERENCES tag (id),
    req_id INTEGER NOT NULL REFERENCES groups (id),
    blocked BOOLEAN NOT NULL DEFAULT 0,
    type TEXT,
    is_metapkg BOOLEAN NOT NULL DEFAULT 0,
    create_event INTEGER NOT NULL REFERENCES events (id),
    revoke_event INTEGER REFERENCES events (id),
    creator_id INTEGER REFERENCES users (id),
    revoker_id INTEGER REFERENCES users (id),
    active BOOLEAN DEFAULT 1,
    UNIQUE (group_id, tag_id, req_id, active)
);

-- Row 0 stands for "not external", so that rpminfo's UNIQUE works for internal packages too.
CREATE TABLE external_repo (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE external_repo_config (
    external_repo_id INTEGER NOT NULL REFERENCES external_repo (id),
    url TEXT NOT NULL,
    create_event INTEGER NOT NULL REFERENCES events (id),
    revoke_event INTEGER REFERENCES events (id),
    creator_id INTEGER REFERENCES users (id),
    revoker_id INTEGER REFERENCES users (id),
    active BOOLEAN DEFAULT 1,
    UNIQUE (external_repo_id, active)
);

CREATE TABLE tag_external_repos (
    tag_id INTEGER NOT NULL REFERENCES tag (id),
    external_repo_id INTEGER NOT NULL REFERENCES external_repo (id),
    priority INTEGER NOT NULL,
    merge_mode TEXT NOT NULL DEFAULT 'koji',
    arches TEXT,
    create_event INTEGER NOT NULL REFERENCES events (id),
    revoke_event INTEGER REFERENCES events (id),
    creator_id INTEGER REFERENCES users (id),
    revoker_id INTEGER REFERENCES users (id),
    active BOOLEAN DEFAULT 1,
    UNIQUE (tag_id, priority, active),
    UNIQUE (tag_id, external_repo_id, active)
);

-- builds and packages -----------------------------------------------------------------------------------

CREATE TABLE volume (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE build (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    volume_id INTEGER NOT NULL DEFAULT 0 REFERENCES volume (id),
    pkg_id INTEGER NOT NULL REFERENCES package (id),
    version TEXT NOT NULL,
    release TEXT NOT NULL,
    epoch INTEGER,
    draft BOOLEAN NOT NULL DEFAULT 0,
    source TEXT,
    create_event INTEGER NOT NULL REFERENCES events (id),
    start_time REAL,
    completion_time REAL,
    state INTEGER NOT NULL,
    task_id INTEGER REFERENCES task (id),
    owner INTEGER NOT NULL REFERENCES users (id),
    promotion_time REAL,
    promoter INTEGER REFERENCES users (id),
    extra JSON,
    UNIQUE (pkg_id, version, release)
);

CREATE TABLE tag_listing (
    build_id INTEGER NOT NULL REFERENCES build (id),
    tag_id INTEGER NOT NULL REFERENCES tag (id),
    create_event INTEGER NOT NULL REFERENCES events (id),
    revoke_event INTEGER REFERENCES events (id),
    creator_id INTEGER REFERENCES users (id),
    revoker_id INTEGER REFERENCES users (id),
    active BOOLEAN DEFAULT 1,
    UNIQUE (build_id, tag_id, active)
);
CREATE INDEX tag_listing_by_tag ON tag_listing (tag_id);

CREATE TABLE repo (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    creation_time REAL NOT NULL,
    state_time REAL NOT NULL,
    create_event INTEGER NOT NULL REFERENCES events (id),
    begin_event INTEGER REFERENCES events (id),
    end_event INTEGER REFERENCES events (id),
    tag_id INTEGER NOT NULL REFERENCES tag (id),
    state INTEGER NOT NULL,
    dist BOOLEAN NOT NULL DEFAULT 0,
    task_id INTEGER REFERENCES task (id),
    opts JSON,
    custom_opts JSON
);
CREATE INDEX repo_by_tag ON repo (tag_id, state);

CREATE TABLE repo_queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    create_time REAL NOT NULL,
    owner INTEGER NOT NULL REFERENCES users (id),
    priority INTEGER NOT NULL,
    tag_id INTEGER NOT NULL REFERENCES tag (id),
    at_event INTEGER REFERENCES events (id),
    min_event INTEGER REFERENCES events (id),
    opts JSON,
    update_time REAL NOT NULL,
    active BOOLEAN NOT NULL DEFAULT 1,
    task_id INTEGER REFERENCES task (id),
    tries INTEGER NOT NULL DEFAULT 0,
    repo_id INTEGER REFERENCES repo (id)
);

CREATE TABLE buildroot (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    host_id INTEGER NOT NULL REFERENCES host (id),
    repo_id INTEGER NOT NULL REFERENCES repo (id),
    task_id INTEGER REFERENCES task (id),
    arch TEXT NOT NULL,
    create_event INTEGER NOT NULL REFERENCES events (id),
    retire_event INTEGER REFERENCES events (id),
    state INTEGER NOT NULL
);
CREATE INDEX buildroot_by_host ON buildroot (host_id, state);
CREATE INDEX buildroot_by_task ON buildroot (task_id);

CREATE TABLE rpminfo (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    build_id INTEGER REFERENCES build (id),
    buildroot_id INTEGER REFERENCES buildroot (id),
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    release TEXT NOT NULL,
    epoch INTEGER,
    arch TEXT NOT NULL,
    draft BOOLEAN,
    external_repo_id INTEGER NOT NULL DEFAULT 0 REFERENCES external_repo (id),
    payloadhash TEXT NOT NULL,
    size INTEGER NOT NULL,
    buildtime INTEGER NOT NULL,
    metadata_only BOOLEAN NOT NULL DEFAULT 0,
    extra JSON
);
CREATE UNIQUE INDEX rpminfo_unique_nvra_not_draft ON rpminfo (name, version, release, arch, external_repo_id)
    WHERE draft IS NOT TRUE;
CREATE INDEX rpminfo_by_build ON rpminfo (build_id);

CREATE TABLE rpmsigs (
    rpm_id INTEGER NOT NULL REFERENCES rpminfo (id),
    sigkey TEXT NOT NULL,
    sighash TEXT NOT NULL,
    UNIQUE (rpm_id, sigkey)
);

CREATE TABLE rpm_checksum (
    rpm_id INTEGER NOT NULL REFERENCES rpminfo (id),
    sigkey TEXT NOT NULL,
    checksum_type TEXT NOT NULL,
    checksum TEXT NOT NULL,
    UNIQUE (rpm_id, sigkey, checksum_type)
);

CREATE TABLE buildroot_listing (
    buildroot_id INTEGER NOT NULL REFERENCES buildroot (id),
    rpm_id INTEGER NOT NULL REFERENCES rpminfo (id),
    is_update BOOLEAN NOT NULL DEFAULT 0,
    UNIQUE (buildroot_id, rpm_id)
);
CREATE INDEX buildroot_listing_by_rpm ON buildroot_listing (rpm_id);

-- content that is no RPMs ------------------------------------------------------------------------------

CREATE TABLE btype (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE build_types (
    build_id INTEGER NOT NULL REFERENCES build (id),
    btype_id INTEGER NOT NULL REFERENCES btype (id),
    PRIMARY KEY (build_id, btype_id)
);

CREATE TABLE maven_builds (
    build_id INTEGER PRIMARY KEY REFERENCES build (id),
    group_id TEXT NOT NULL,
    artifact_id TEXT NOT NULL,
    version TEXT NOT NULL
);

CREATE TABLE archivetypes (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    extensions TEXT NOT NULL,
    compression_type TEXT
);

-- group_id, artifact_id and version are a Maven archive's, arch an image's
CREATE TABLE archiveinfo (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    type_id INTEGER NOT NULL REFERENCES archivetypes (id),
    btype_id INTEGER NOT NULL REFERENCES btype (id),
    build_id INTEGER NOT NULL REFERENCES build (id),
    filename TEXT NOT NULL,
    size INTEGER NOT NULL,
    checksum TEXT NOT NULL,
    checksum_type INTEGER NOT NULL,
    group_id TEXT,
    artifact_id TEXT,
    version TEXT,
    arch TEXT
);
CREATE INDEX archiveinfo_by_build ON archiveinfo (build_id);

-- what a new hub has ------------------------------------------------------------------------------------

INSERT INTO volume (id, name) VALUES (0, 'DEFAULT');
INSERT INTO external_repo (id, name) VALUES (0, 'INTERNAL');

INSERT INTO btype (id, name) VALUES (1, 'rpm'), (2, 'maven'), (3, 'win'), (4, 'image');

INSERT INTO archivetypes (id, name, description, extensions, compression_type) VALUES
    (1, 'jar', 'Jar file', 'jar war rar ear sar jdocbook jdocbook-style', 'zip'),
    (2, 'zip', 'Zip file', 'zip', 'zip'),
    (3, 'pom', 'Maven Project Object Management file', 'pom', NULL),
    (4, 'tar', 'Tar file', 'tar tar.gz tar.bz2 tar.xz tgz', 'tar'),
    (5, 'xml', 'XML file', 'xml', NULL),
    (8, 'spec', 'RPM spec file', 'spec', NULL),
    (18, 'iso', 'CD/DVD Image', 'iso', NULL),
    (19, 'raw', 'Raw disk image', 'raw', NULL),
    (21, 'qcow2', 'QCOW2 image', 'qcow2', NULL),
    (24, 'ks', 'Kickstart', 'ks', NULL),
    (40, 'txt', 'Text file', 'txt', NULL);

INSERT INTO permissions (name, description) VALUES
    ('admin', 'May do everything'),
    ('draft-promoter', 'May promote draft builds'),
    ('dist-repo', 'May start distRepo tasks'),
    ('host', 'May add, change, enable and disable builders'),
    ('image', 'May start image tasks'),
    ('image-import', 'May import image archives'),
    ('maven-import', 'May import Maven archives'),
    ('repo', 'May regenerate, expire and delete repos'),
    ('regen-repo', 'May ask for newRepo tasks'),
    ('sign', 'May import signatures and write signed RPMs'),
    ('tag', 'May change tags, their packages and groups'),
    ('target', 'May change build targets'),
    ('win-import', 'May import Windows archives');

INSERT INTO channels (name) VALUES
    ('default'), ('createrepo'), ('maven'), ('livecd'), ('appliance'), ('vm'), ('image'), ('livemedia');
