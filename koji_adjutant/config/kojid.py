"""The [kojid] section: every option of the stock builder, with its default and type.

The names, defaults and types are those of koji 1.35's builder/kojid (``get_options``). Options that have no
meaning without mock, maven or image builds are read and kept, so that a builder's kojid.conf is accepted as
it is and plugins find them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

from koji_adjutant.config import values
from koji_adjutant.config.adjutant import AdjutantOptions

MAVEN_REPO_IGNORE = (
    "*.md5 *.sha1 maven-metadata*.xml _maven.repositories _remote.repositories "
    "resolver-status.properties *.lastUpdated"
)


@dataclass
class FileOptions:
    """The options that kojid.conf may set."""

    server: str | None = None
    user: str | None = None
    password: str | None = None
    cert: str | None = None
    serverca: str | None = None
    krb_principal: str | None = None
    host_principal_format: str = "compile/%s@EXAMPLE.COM"
    keytab: str = "/etc/kojid/kojid.keytab"
    ccache: str = "/var/tmp/kojid.ccache"  # noqa: S108
    no_ssl_verify: bool = False
    timeout: int | None = None
    max_retries: int = 120
    retry_interval: int = 60
    offline_retry: bool = True
    offline_retry_interval: int = 120
    use_fast_upload: bool = True

    topdir: str = "/mnt/koji"
    topurl: str | None = None
    pkgurl: str | None = None
    workdir: str = "/var/tmp/koji"  # noqa: S108
    sleeptime: int = 15
    maxjobs: int = 10
    minspace: int = 8192
    task_avail_delay: int = 300
    literal_task_arches: str = ""
    admin_emails: str | None = None
    log_level: str | None = None
    log_timestamps: bool = False
    pluginpath: str = "/usr/lib/koji-builder-plugins"
    plugin: list[str] | None = None

    mockdir: str = "/var/lib/mock"
    mockuser: str = "kojibuilder"
    mockhost: str = "koji-linux-gnu"
    mock_bootstrap_image: bool = False
    chroot_tmpdir: str = "/chroot_tmpdir"
    vendor: str = "Koji"
    packager: str = "Koji"
    distribution: str = "Koji"
    rpmbuild_timeout: int = 86400
    failed_buildroot_lifetime: int = 14400
    buildroot_basic_cleanup_delay: int = 120
    buildroot_final_cleanup_delay: int = 86400
    yum_proxy: str | None = None

    allowed_scms: str = ""
    allowed_scms_use_config: bool = True
    allowed_scms_use_policy: bool = False
    allow_password_in_scm_url: bool = False
    scm_credentials_dir: str | None = None
    support_rpm_source_layout: bool = True
    build_arch_can_fail: bool = False

    use_createrepo_c: bool = True
    createrepo_update: bool = True
    createrepo_skip_stat: bool = True
    distrepo_skip_stat: bool = False
    copy_old_repodata: bool = False

    smtphost: str = "example.com"
    smtp_user: str | None = None
    smtp_pass: str | None = None
    from_addr: str = "Koji Build System <buildsys@example.com>"

    maven_repo_ignore: str = MAVEN_REPO_IGNORE
    oz_install_timeout: int = 0
    xz_options: str = "-z6T0"
    allow_noverifyssl: bool = False


@dataclass
class KojidOptions(FileOptions):
    """What koji's TaskManager, task handlers and plugins know as ``options``.

    One attribute an option, so that ``options.topdir`` or ``vars(options)`` work as with a stock kojid;
    RLIMIT_* options of the file are attributes too. The attributes below come from the command line
    (kojid's names) or from the daemon: ``topurl`` is the first of ``topurls``, ``worker_id`` marks this
    worker's containers.
    """

    configFile: str = "/etc/kojid/kojid.conf"  # noqa: N815
    daemon: bool = True
    force_lock: bool = False
    verbose: bool = False
    debug: bool = False
    debug_task: bool = False
    debug_xmlrpc: bool = False
    debug_mock: bool = False
    single_task: bool = False
    skip_main: bool = False
    topurls: list[str] = field(default_factory=list)
    adjutant: AdjutantOptions = field(default_factory=AdjutantOptions)
    worker_id: str = ""

    @property
    def build_directories(self) -> tuple[Path, Path]:
        """Where builds write: ``minspace`` must be free there."""
        return self.adjutant.state_dir, Path(self.workdir)

    @property
    def directories(self) -> tuple[Path, ...]:
        """Where the worker writes at all."""
        return *self.build_directories, self.adjutant.log_dir


ALIASES = {"plugins": "plugin"}
"""Other names of options that kojid takes, too."""

_READERS_BY_TYPE: Mapping[object, Callable[[str], Any]] = {
    str: str,
    str | None: str,
    int: values.integer,
    int | None: values.integer,
    bool: values.boolean,
    list[str] | None: str.split,
}

READERS: Mapping[str, Callable[[str], Any]] = {
    name: _READERS_BY_TYPE[kind] for name, kind in get_type_hints(FileOptions).items()
} | {
    # what is waited for: the system's calls, and requests, refuse anything else
    "sleeptime": values.integer_from_zero,
    "retry_interval": values.integer_from_zero,
    "offline_retry_interval": values.integer_from_zero,
    "timeout": values.integer_from_one,
}
"""How the text of each option is read."""
