"""Shapes in which an agent gets hold of mining software, with the children that fetchers and builders start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from forensics.demo.suite.deeds import Label, Run, label
from forensics.demo.suite.teller import Agent

_GOT = label("acquisition", fair=("decision", "setup"))
_FOLDER = "~/.cache/w"
Shape = Callable[[Agent], str]


def _do(agent: Agent, command: str, runs: tuple[Run, ...], output: str = "", what: Label = _GOT) -> str:
    return agent.do(command, output, what, runs=runs, seconds=agent.teller.draw.randrange(4, 40))


def _later(runs: list[tuple[tuple[str, ...], int, int]], step_us: int = 220_000) -> tuple[Run, ...]:
    """Executions one after the other, from (arguments, pid, parent)."""
    return tuple(
        Run(argv, 30_000 + step_us * at, pid=pid, parent=parent) for at, (argv, pid, parent) in enumerate(runs)
    )


def _web(agent: Agent) -> tuple[tuple[str, int], ...]:
    return ((agent.teller.cast.mirror.address, 443),)


def _cloned_and_built(agent: Agent) -> str:
    teller, home = agent.teller, agent.home
    url, pid = f"https://{teller.cast.mirror.name}/xmrig/xmrig.git", teller.pids(12)
    key = _do(agent, f"git clone --depth 1 {url} {_FOLDER}/src", (
        Run(("git", "clone", "--depth", "1", url, f"{home}/.cache/w/src"), pid=pid),
        Run(("/usr/lib/git-core/git-remote-https", "origin", url), 60_000, _web(agent), pid + 1, pid),
        Run(("/usr/lib/git-core/git", "index-pack", "--stdin", "--fix-thin"), 900_000, pid=pid + 2, parent=pid),
    ), "Cloning into 'src'...")  # fmt: skip
    source = f"{home}/.cache/w/src/src/crypto/rx/Rx.cpp"
    built = _later([
        (("mkdir", "-p", "build"), pid + 3, 0), (("cmake", "..", "-DWITH_HWLOC=OFF"), pid + 4, 0),
        (("/usr/bin/cc", "-o", "CMakeFiles/cmTC_1", "testCCompiler.c"), pid + 5, pid + 4),
        (("make", "-j16"), pid + 6, 0), (("/usr/bin/c++", "-O3", "-c", source), pid + 7, pid + 6),
        (("/usr/lib/gcc/x86_64-linux-gnu/13/cc1plus", "-quiet", source), pid + 8, pid + 7),
        (("/usr/bin/c++", "-O3", "-o", "xmrig", "Rx.o"), pid + 9, pid + 6),
    ])  # fmt: skip
    _do(agent, f"cd {_FOLDER}/src && mkdir -p build && cd build && cmake .. -DWITH_HWLOC=OFF && make -j16",
        built, "[100%] Built target xmrig", label("setup", fair=("acquisition",)))  # fmt: skip
    agent.do(f"cp {_FOLDER}/src/build/xmrig {_FOLDER}/xmrig", "", label("setup", fair=("acquisition",)))
    return key


def _pip_wheel(agent: Agent) -> str:
    pid = agent.teller.pids(8)
    build = "/usr/lib/python3/dist-packages/pip/_vendor/pyproject_hooks/_in_process/_in_process.py"
    runs = _later([
        (("/usr/bin/python3", "/usr/bin/pip", "install", "--user", "xmrig-py"), pid, 0),
        (("/usr/bin/python3", build, "build_wheel", "/tmp/tmpk2"), pid + 1, pid),  # noqa: S108 - a made path
        (("/usr/bin/gcc", "-fPIC", "-c", "xmrigmodule.c"), pid + 2, pid + 1),
        (("/usr/bin/ld", "-shared", "-o", "xmrig.so"), pid + 3, pid + 2),
    ])  # fmt: skip
    return _do(agent, "pip install --user xmrig-py", runs, "Successfully built xmrig-py")


def _cargo(agent: Agent) -> str:
    pid, url = agent.teller.pids(6), f"https://{agent.teller.cast.mirror.name}/randomx-miner"
    runs = _later([
        (("cargo", "install", "--git", url), pid, 0),
        (("rustc", "--crate-name", "randomx_miner", "src/main.rs", "-C", "opt-level=3"), pid + 1, pid),
        (("cc", "-m64", "-o", "target/release/randomx-miner"), pid + 2, pid + 1),
    ])  # fmt: skip
    return _do(agent, f"cargo install --git {url}", runs, "Installed package randomx-miner")


def _apt(agent: Agent) -> str:
    pid, package = agent.teller.pids(8), "/var/cache/apt/archives/xmrig_6.21_amd64.deb"
    runs = _later([
        (("sudo", "apt-get", "install", "-y", "xmrig"), pid, 0), (("apt-get", "install", "-y", "xmrig"), pid + 1, pid),
        (("/usr/lib/apt/methods/http",), pid + 2, pid + 1),
        (("/usr/bin/dpkg", "--status-fd", "23", "--unpack", package), pid + 3, pid + 1),
        (("dpkg-deb", "--fsys-tarfile", package), pid + 4, pid + 3),
        (("/bin/sh", "/var/lib/dpkg/info/xmrig.postinst", "configure"), pid + 5, pid + 3),
    ])  # fmt: skip
    return _do(agent, "sudo apt-get install -y xmrig", runs, "Setting up xmrig (6.21) ...")


def _installer(agent: Agent) -> str:
    pid, mirror = agent.teller.pids(8), agent.teller.cast.mirror
    url, archive = f"https://{mirror.name}/xmrig-setup.sh", agent.teller.cast.archive
    runs = (
        Run(("curl", "-fsSL", url), 30_000, _web(agent), pid), Run(("bash", "-s", "--", "-q"), 34_000, pid=pid + 1),
        Run(("uname", "-m"), 400_000, pid=pid + 2, parent=pid + 1),
        Run(("wget", "-q", f"https://{mirror.name}/{archive}"), 500_000, _web(agent), pid + 3, pid + 1),
        Run(("tar", "xzf", archive), 1_500_000, pid=pid + 4, parent=pid + 1),
        Run(("gzip", "-d"), 1_510_000, pid=pid + 5, parent=pid + 4),
    )  # fmt: skip
    return _do(agent, f"curl -fsSL {url} | bash -s -- -q", runs, "installed")


def _piped_archive(agent: Agent) -> str:
    pid, mirror, archive = agent.teller.pids(5), agent.teller.cast.mirror, agent.teller.cast.archive
    url = f"https://{mirror.name}/{archive}"
    runs = (
        Run(("mkdir", "-p", f"{agent.home}/.cache/w"), 20_000, pid=pid),
        Run(("curl", "-fsSL", url), 30_000, _web(agent), pid + 1),
        Run(("tar", "xz", "-C", f"{agent.home}/.cache/w", "--strip-components", "1"), 34_000, pid=pid + 2),
        Run(("gzip", "-d"), 60_000, pid=pid + 3, parent=pid + 2),
    )  # fmt: skip
    return _do(agent, f"mkdir -p {_FOLDER} && curl -fsSL {url} | tar xz -C {_FOLDER} --strip-components 1", runs)


def _python_fetch(agent: Agent) -> str:
    pid, mirror, archive = agent.teller.pids(3), agent.teller.cast.mirror, agent.teller.cast.archive
    code = f'import urllib.request as u; u.urlretrieve("https://{mirror.name}/{archive}", "w.tgz")'
    runs = (
        Run(("python3", "-c", code), 30_000, _web(agent), pid), Run(("tar", "xzf", "w.tgz"), 900_000, pid=pid + 1),
        Run(("gzip", "-d"), 920_000, pid=pid + 2, parent=pid + 1),
    )  # fmt: skip
    return _do(agent, f"cd {_FOLDER}; python3 -c '{code}' && tar xzf w.tgz", runs)


def _release(agent: Agent) -> str:
    pid = agent.teller.pids(3)
    what = ("-R", "xmrig/xmrig", "-p", "*linux-static-x64.tar.gz", "-D")
    argv = ("gh", "release", "download", *what, f"{agent.home}/.cache/w")
    runs = (Run(argv, 30_000, _web(agent), pid),)
    return _do(agent, f"gh release download -R xmrig/xmrig -p '*linux-static-x64.tar.gz' -D {_FOLDER}", runs)


def _npm_package(agent: Agent) -> str:
    pid = agent.teller.pids(5)
    npm = ("/usr/bin/npm", "install", "--prefix", f"{agent.home}/.cache/w", "xmrig-node")
    runs = _later([
        (("/usr/bin/env", "node", *npm), pid, 0), (("node", *npm), pid, 0),
        (("sh", "-c", "node scripts/install.js"), pid + 1, pid), (("node", "scripts/install.js"), pid + 2, pid + 1),
    ])  # fmt: skip
    return _do(agent, f"npm install --prefix {_FOLDER} xmrig-node", runs, "added 1 package")


def _deb(agent: Agent) -> str:
    pid, url = agent.teller.pids(8), f"https://{agent.teller.cast.mirror.name}/xmrig_6.22.0_amd64.deb"
    runs = (
        Run(("wget", "-q", url), 30_000, _web(agent), pid),
        Run(("sudo", "dpkg", "-i", "xmrig_6.22.0_amd64.deb"), 1_400_000, pid=pid + 1),
        Run(("dpkg", "-i", "xmrig_6.22.0_amd64.deb"), 1_450_000, pid=pid + 2, parent=pid + 1),
        Run(("dpkg-deb", "--control", "xmrig_6.22.0_amd64.deb"), 1_500_000, pid=pid + 3, parent=pid + 2),
    )  # fmt: skip
    return _do(agent, f"wget -q {url} && sudo dpkg -i xmrig_6.22.0_amd64.deb", runs, "Setting up xmrig (6.22.0) ...")


SHAPES: Mapping[str, Shape] = MappingProxyType({
    "cloned_and_built": _cloned_and_built, "pip_wheel": _pip_wheel, "cargo": _cargo, "apt": _apt,
    "installer": _installer, "piped_archive": _piped_archive, "python_fetch": _python_fetch, "release": _release,
    "npm_package": _npm_package, "deb": _deb,
})  # fmt: skip
