"""Check the files that a pipeline step opens against the files that its plan names.

The plan lists, before a run, the files that each step reads and writes. While a step runs, an audit
hook looks up in the plan every file that Python opens. A file that the plan does not name is
refused and recorded, and the step fails; otherwise the step would not run again when that file
changes. Arrow opens files outside Python, where audit hooks do not see them, so its functions are
wrapped to check paths themselves.

Outside a step, as in JupyterLab, nothing is refused.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import os
import site
import sys
import sysconfig
import tempfile
import threading
import tokenize
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

PLAN = "ANALYSIS_PLAN"  # variable of a kernel's environment: the file that holds its access
REFUSED = ".refused"  # suffix of the file beside it that records what was refused
PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LISTINGS = frozenset({"os.listdir", "os.scandir"})
OUTSIDE = frozenset(  # events that may read data which no plan can name
    "os.exec os.fork os.forkpty os.posix_spawn os.spawn os.system socket.connect sqlite3.connect "
    "subprocess.Popen".split()
)
WATCHED = LISTINGS | OUTSIDE | {"open"}
SYSTEM = (
    "/Library",
    "/System",
    "/dev",
    "/etc",
    "/lib",
    "/lib64",
    "/nix",
    "/opt",
    "/proc",
    "/sys",
    "/usr",
)
# folders of the home that drawing reads
HOME = (".cache/matplotlib", ".config/matplotlib", ".fonts", ".local/share/fonts", "Library/Fonts")
# where Python looks for modules
IMPORTING = ("<frozen importlib", os.path.dirname(importlib.__file__))
FONT_LISTS = ("fc-list", "system_profiler")  # run by matplotlib, when it is imported, to list fonts
# read by matplotlib, if present, when it is imported; all its settings are overridden
SETTINGS = "matplotlibrc"
REMOVING = "_rmtree"  # in shutil: opens the folders that it removes by relative names
ARROW = {  # functions that open files outside Python
    "pyarrow": ("OSFile", "input_stream", "memory_map"),
    "pyarrow.csv": ("open_csv", "read_csv"),
    "pyarrow.dataset": ("dataset", "parquet_dataset"),
    "pyarrow.feather": ("read_feather", "read_table"),
    "pyarrow.fs": ("LocalFileSystem",),
    "pyarrow.json": ("open_json", "read_json"),
    "pyarrow.orc": ("ORCFile", "read_table"),
    "pyarrow.parquet": (
        "ParquetDataset",
        "ParquetFile",
        "read_metadata",
        "read_pandas",
        "read_schema",
        "read_table",
    ),
    "pyarrow.parquet.core": (
        "ParquetDataset",
        "ParquetFile",
        "read_metadata",
        "read_schema",
        "read_table",
    ),
}
# methods of Arrow's file system
OPENERS = ("get_file_info", "open_input_file", "open_input_stream")
NEW = os.O_TRUNC | os.O_EXCL  # the earlier content is not read
# parameters of these functions that hold paths
PATHS = frozenset({"input_file", "path", "path_or_paths", "metadata_path", "source", "where"})
REMEDY = (
    "a change of it would go unnoticed; read it by a function of analysis.survey.repository with a "
    "plain name, "
    'as in reference("measures")'
)

IMPORT = "a change of it would go unnoticed; import it by an import statement, from src/analysis"


class UnplannedAccessError(RuntimeError):
    """Raised when a step opens a file that its plan does not name."""


@dataclass(frozen=True)
class Access:
    """Files that one step may open, by their names in the repository `root`.

    reads, writes: names of files; a name in `writes` that ends with a slash is a folder that the
    step makes. folders: folders that may be listed. tables: the columns of each clean table that
    may be read; an empty set stands for all. isolated: whether the step may read nothing else than
    libraries, files of the machine and what it wrote itself; it may start no program then.
    """

    root: str
    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    tables: Mapping[str, frozenset[str]] = field(default_factory=dict, hash=False)
    isolated: bool = False
    refused: list[str] = field(default_factory=list, hash=False, compare=False)
    written: set[str] = field(default_factory=set, hash=False, compare=False)

    def to_json(self) -> str:
        """Return the access as JSON."""
        sets = {name: sorted(getattr(self, name)) for name in ("reads", "writes", "folders")}
        tables = {name: sorted(columns) for name, columns in self.tables.items()}
        return json.dumps({"root": self.root, "isolated": self.isolated, "tables": tables, **sets})

    @classmethod
    def from_json(cls, text: str) -> Access:
        """Return the access that `to_json` wrote."""
        told = json.loads(text)
        sets = {name: frozenset(told[name]) for name in ("reads", "writes", "folders")}
        tables = {name: frozenset(columns) for name, columns in told["tables"].items()}
        return cls(told["root"], tables=tables, isolated=told["isolated"], **sets)

    @cached_property
    def roots(self) -> tuple[str, ...]:
        """Paths of the repository, as given and with links resolved, ending with a slash."""
        return tuple(
            f"{path}{os.sep}" for path in dict.fromkeys([self.root, os.path.realpath(self.root)])
        )

    @cached_property
    def libraries(self) -> tuple[str, ...]:
        """The folders of Python and of installed libraries."""
        found = {
            sys.prefix,
            sys.base_prefix,
            site.getusersitepackages(),
            *sysconfig.get_paths().values(),
        }
        return tuple(f"{path}{os.sep}" for path in {*found, *map(os.path.realpath, found)})

    @cached_property
    def machine(self) -> tuple[str, ...]:
        """Folders of libraries and of the machine, which an isolated step may read too."""
        own = [os.environ[name] for name in ("IPYTHONDIR", "MPLCONFIGDIR") if os.environ.get(name)]
        home = os.path.expanduser("~")  # in a run, a folder of the repository
        own += (
            [home] if home.startswith(self.roots) else [os.path.join(home, path) for path in HOME]
        )
        # the prefix of the file names that Python gives to cells
        cells = os.path.join(tempfile.gettempdir(), "ipykernel_")
        return (*self.libraries, *(f"{path}{os.sep}" for path in (*SYSTEM, *own)), cells)

    def name_of(self, path: str) -> str | None:
        """Return the name of a file or folder in the repository; None elsewhere.

        None also for the folders of libraries inside the repository. A compiled module has the name
        of its source.
        """
        if path.startswith(f"{PACKAGE}{os.sep}"):
            return _source_of(f"src/analysis/{path[len(PACKAGE) + 1 :]}")
        for folder in self.roots:
            if f"{path}{os.sep}".startswith(folder):
                inside = [place for place in self.machine if place.startswith(folder)]
                return (
                    None
                    if f"{path}{os.sep}".startswith(tuple(inside))
                    else _source_of(path[len(folder) :])
                )
        return None

    def check_open(self, path: str, flags: int) -> None:
        """Refuse to open a file that the plan does not name; `flags` as of os.open."""
        writes = bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))
        reads = not writes or (bool(flags & os.O_RDWR) and not flags & NEW)
        name = self._known(path)
        if writes:  # with links resolved: one may lead to originals
            name = self.name_of(os.path.realpath(path))
        if name is None:
            self._check_outside(path, reads, writes)
        elif writes and not self._may_write(name) and "__pycache__" not in path:
            self.refuse(f"writes {name}, which its plan does not name")
        elif reads and not self._may_read(name):
            remedy = IMPORT if name.endswith(".py") else REMEDY
            self.refuse(f"reads {name}, which its plan does not name: {remedy}")
        elif writes:
            self.written.add(name)

    def _may_write(self, name: str) -> bool:
        return name in self.writes or self._is_own(name)

    def _may_read(self, name: str) -> bool:
        return name in self.reads or name in self.written or name == SETTINGS or self._is_own(name)

    def _is_own(self, name: str) -> bool:
        """Return whether a file or folder lies in a folder that the step makes."""
        return any(one.endswith("/") and f"{name}/".startswith(one) for one in self.writes)

    def _known(self, path: str) -> str | None:
        """Return the name of a file as given if the plan has it, else with links resolved."""
        name = self.name_of(path)
        if name in self.reads or name in self.writes:
            return name
        return self.name_of(os.path.realpath(path)) or name

    def _check_outside(self, path: str, reads: bool, writes: bool) -> None:
        if not self.isolated:
            return
        if writes:
            self.written.add(path)
        if reads and path not in self.written and not path.startswith(self.machine):
            self.refuse(f"reads {path}, outside the repository: {REMEDY}")

    def check_list(self, path: str) -> None:
        """Refuse to list a folder that the plan does not name."""
        name = self._known(path)
        if name is None:
            if self.isolated and not f"{path}{os.sep}".startswith(self.machine):
                self.refuse(f"lists {path}, outside the repository: {REMEDY}")
        elif name not in self.folders and not self._is_own(name):
            self.refuse(f"lists {name or 'the repository'}, which its plan does not name: {REMEDY}")

    @contextlib.contextmanager
    def granted(self, path: str) -> Iterator[None]:
        """Allow reading a file for the time of the context.

        It is the file of a clean table of which only the planned columns are taken.
        """
        name = self.name_of(path)
        self.written.add(name)
        try:
            yield
        finally:
            self.written.discard(name)

    def check_table(self, table: str, columns: Iterable[str]) -> None:
        """Refuse columns of a clean table that the plan does not name; none stands for all."""
        planned = self.tables.get(table)
        if planned is None or (planned and not (set(columns) and planned >= set(columns))):
            said = f"{table} ({', '.join(columns) or 'all columns'})"
            self.refuse(f"reads the table {said}, which its plan does not name: {REMEDY}")

    def refuse(self, what: str) -> None:
        """Record the refusal of what the step did, and raise UnplannedAccessError."""
        self.refused.append(what)
        raise UnplannedAccessError(what)


def _source_of(name: str) -> str:
    """Return the name of the source of a compiled module; any other name unchanged."""
    folder, between, file = name.rpartition("__pycache__/")
    return f"{folder}{file.partition('.')[0]}.py" if between and file.endswith(".pyc") else name


# access of the step of a process that runs one step at a time: a kernel, a worker process
_process: list[Access] = []
_thread = threading.local()  # access of the step of a worker thread; several may run side by side
_hooked: list[bool] = []


def current() -> Access | None:
    """Return the access of the step that runs in this thread; None outside a step."""
    return getattr(_thread, "access", None) or (_process[-1] if _process else None)


@contextlib.contextmanager
def watched(access: Access) -> Iterator[Access]:
    """Check what this thread opens against `access`, for the time of the context.

    What was refused is in `access.refused` afterwards.
    """
    _install()
    # in another thread, other steps may run at the same time
    alone = threading.current_thread() is threading.main_thread()
    _thread.access = access
    _process.extend([access] * alone)  # for threads that the step starts
    try:
        yield access
    finally:
        _thread.access = None
        del _process[len(_process) - alone :]


def check_read(path: Path) -> None:
    """Refuse a file that the step may not read, although it is not opened here; see `Access`."""
    if access := current():
        access.check_open(os.path.abspath(path), os.O_RDONLY)


@contextlib.contextmanager
def reading_table(table: str, columns: Iterable[str], path: Path) -> Iterator[None]:
    """Allow reading the file of a clean table if the step may read these columns.

    No columns stand for all of them.
    """
    if (access := current()) is None:
        yield
        return
    access.check_table(table, columns)
    with access.granted(os.path.abspath(path)):
        yield


def load_ipython_extension(_shell: object) -> None:
    """Check what this kernel opens against the plan named by its environment, until it ends."""
    if PLAN not in os.environ:
        return
    path = Path(os.environ[PLAN])
    access = Access.from_json(path.read_text("utf-8"))
    notes = os.open(f"{path}{REFUSED}", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    object.__setattr__(access, "refused", _Notes(notes))
    _forget_modules(access)
    guard_arrow()
    _install()
    _process.append(access)


def refusals(plan: Path) -> list[str]:
    """Return what was refused to the kernel whose plan is at `plan`."""
    with contextlib.suppress(FileNotFoundError):  # the kernel was not started
        return Path(f"{plan}{REFUSED}").read_text("utf-8").splitlines()
    return []


class _Notes(list):
    """A list of texts that is also written to a file as it grows."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self.descriptor = descriptor

    def append(self, text: str) -> None:
        super().append(text)
        os.write(self.descriptor, f"{text}\n".encode())


def _forget_modules(access: Access) -> None:
    """Drop the modules of this package that the plan does not name, so that imports are seen."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        if name.startswith("analysis.") and access.name_of(file) not in access.reads:
            del sys.modules[name]
            parent, _, attribute = name.rpartition(".")
            with contextlib.suppress(AttributeError, KeyError):
                delattr(sys.modules[parent], attribute)


def _install() -> None:
    """Add the audit hook, once in a process; it cannot be removed again."""
    if not _hooked:
        _hooked.append(True)
        sys.addaudithook(_audit)


def guard_arrow() -> None:
    """Make the functions of Arrow that open files look up their paths in the plan."""
    for name, functions in ARROW.items():
        with contextlib.suppress(ImportError):
            module = import_module(name)
            for function in functions:
                setattr(module, function, _looking_up(getattr(module, function)))


def _looking_up(opener: Callable) -> Callable:
    if isinstance(opener, type):
        methods = [name for name in ("__init__", *OPENERS) if hasattr(opener, name)]
        return type(
            opener.__name__,
            (opener,),
            {name: _looking_up(getattr(opener, name)) for name in methods},
        )

    @functools.wraps(opener)
    def checked(*arguments: Any, **options: Any) -> Any:
        for given in (*arguments[:2], *(options[name] for name in PATHS & options.keys())):
            for path in given if isinstance(given, list | tuple) else [given]:
                if isinstance(path, str | os.PathLike):
                    check_read(Path(path))
        return None if opener is object.__init__ else opener(*arguments, **options)

    return checked


def _audit(event: str, arguments: tuple) -> None:
    """Look up in the plan of this step what Python is about to open, list or start."""
    if event not in WATCHED or (access := current()) is None:
        return
    if event in OUTSIDE:
        if access.isolated and os.path.basename(str(*arguments[:1])) not in FONT_LISTS:
            access.refuse(f"starts or asks something outside the plan ({event}): {REMEDY}")
        return
    given, caller = arguments[0], sys._getframe(1).f_code
    if isinstance(given, int) or caller.co_name.startswith(REMOVING):
        return
    path = os.path.abspath(os.fsdecode(given or "."))
    if event == "open" and caller.co_filename == tokenize.__file__ and path.startswith(PACKAGE):
        return  # a line of source is shown, as in a traceback
    if event == "open":
        access.check_open(path, arguments[2])
    elif not caller.co_filename.startswith(IMPORTING):
        access.check_list(path)
