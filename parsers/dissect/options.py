"""Which options of wrapping commands take a value, and how many words of their own they have.

Source: the manual pages of each program (util-linux, coreutils, findutils, sudo, openssh, docker, kubectl, tmux,
screen, systemd-run, parallel, proot, slurm); read for the options whose value is the next word.
"""

from __future__ import annotations

from typing import NamedTuple


class Plain(NamedTuple):
    """A wrapper of the plain form `NAME [options] [operands] COMMAND ..`.

    `short` and `long` are the options that take a value as the next word, `operands` the words of its own before the
    command, `joined` tells that the command's words are handed to a shell; with an option of `idle` it runs nothing.
    """

    short: str = ""
    long: str = ""
    operands: int = 0
    assignments: bool = False
    joined: bool = False
    idle: str = ""
    via: str | None = None


PLAIN: dict[str, Plain] = {
    "sudo": Plain(
        "ugpChrtTUDR",
        "user group prompt close-from host role type command-timeout other-user chdir chroot",
        assignments=True,
    ),
    "doas": Plain("uC"),
    "env": Plain("uC", "unset chdir", assignments=True),
    "nohup": Plain(),
    "nice": Plain("n", "adjustment"),
    "ionice": Plain("cnpPu", "class classdata pid pgid uid", idle="pPu"),
    "chrt": Plain("TPD", "sched-runtime sched-deadline sched-period", operands=1, idle="pm"),
    "timeout": Plain("ks", "kill-after signal", operands=1),
    "setsid": Plain(),
    "stdbuf": Plain("ioe", "input output error"),
    "taskset": Plain(operands=1, idle="p"),
    "numactl": Plain("imNCl", "interleave membind cpunodebind physcpubind localalloc preferred"),
    "cpulimit": Plain("lpePc", "limit pid exe path cpu", idle="peP"),
    "chroot": Plain(operands=1),
    "nsenter": Plain("tSG", "target setuid setgid"),
    "firejail": Plain(),
    "unshare": Plain("SGRw", "setuid setgid root wd map-user map-group propagation setgroups"),
    "proot": Plain("rbwqkvS", "rootfs bind cwd pwd qemu kernel-release verbose"),
    "xargs": Plain("nPILdEsa", "max-args max-procs replace max-lines delimiter arg-file max-chars process-slot-var"),
    "watch": Plain("nq", "interval equexit", joined=True),
    "time": Plain("fo", "format output", assignments=True),
    "command": Plain(),
    "builtin": Plain(),
    "exec": Plain("a"),
    "coproc": Plain(),
    "busybox": Plain(),
    "toybox": Plain(),
    "systemd-run": Plain(
        "pEMHut",
        "unit property uid gid slice description nice working-directory service-type setenv on-active on-boot "
        "on-startup on-unit-active on-calendar timer-property machine host path-property",
        via="systemd_run",
    ),
    "strace": Plain("eopsuPabEIOSX", "output trace attach string-limit user"),
    "unbuffer": Plain(),
    "fakeroot": Plain("lsib", "lib faked"),
    "proxychains": Plain("f"),
    "proxychains4": Plain("f", via="proxychains"),
    "torsocks": Plain("uap", "user address port"),
    "torify": Plain(),
    "xvfb-run": Plain("nsefpw", "server-num server-args error-file auth-file xauth-protocol wait", via="xvfb_run"),
    "dbus-run-session": Plain(via="dbus_run_session"),
    "setarch": Plain(operands=1),
    "caffeinate": Plain("tw"),
    "srun": Plain(
        "nNpctJwAGoeimDxqCLd", "ntasks nodes partition cpus-per-task time job-name gres gpus account mem qos"
    ),
}
RUNNERS: dict[str, Plain] = {
    "uv": Plain("p", "with python extra group project directory package env-file index with-requirements"),
    "poetry": Plain("CP", "directory project"),
    "pipenv": Plain(),
    "conda": Plain("np", "name prefix cwd"),
    "mamba": Plain("np", "name prefix cwd"),
    "micromamba": Plain("np", "name prefix cwd"),
    "hatch": Plain("e", "env"),
    "pdm": Plain("p", "project"),
}
CONTAINER_RUN = Plain(
    "evpuwmhlcap",
    "env volume publish user workdir memory hostname label cpu-shares attach name network net gpus cpus entrypoint "
    "mount device restart runtime shm-size ulimit add-host cap-add cap-drop security-opt ipc pid platform pull "
    "log-driver log-opt env-file dns expose link cidfile tmpfs cpuset-cpus memory-swap ip mac-address group-add "
    "volumes-from userns uts cgroupns stop-signal detach-keys network-alias",
    operands=1,
)
CONTAINER_EXEC = Plain("euw", "env user workdir env-file detach-keys index", operands=1)
CONTAINER_GLOBAL = Plain("Hlcf", "host context config log-level file project-name profile project-directory env-file")
SSH = Plain("BbcDEeFIiJLlmOoPpQRSWw")
PARALLEL = Plain(
    "jSIaNLnPdEX",
    "jobs sshlogin sshloginfile arg-file max-args max-procs colsep joblog results retries timeout delay tmpdir workdir "
    "wd env tagstring halt load memfree basefile return delimiter replace",
)
TMUX = Plain("LSfcT")
TMUX_KEYS = Plain("tNc")
TMUX_START = Plain("snctxyeFlpT")
SCREEN = Plain("cehpsStTL")
FLOCK = Plain("wE", "timeout wait conflict-exit-code", operands=1)
