"""Which imports of a pickle are known to be harmless, and which are known to be dangerous.

An allow-list decides: whatever is not on it is at best unknown. The list of dangerous names only makes the words sharper: "unknown" warns,
"dangerous" rejects. Classes of the usual libraries are allowed by package, functions one by one, because a function runs when called.
"""

from __future__ import annotations

import re

SAFE, UNKNOWN, DANGEROUS = "safe", "unknown", "dangerous"

# Python 2 called these modules differently; pickles of protocol 0 to 2 still do.
_RENAMED = {
    "__builtin__": "builtins",
    "copy_reg": "copyreg",
    "_operator": "operator",
    "_pickle": "pickle",
    "_io": "io",
    "numpy.core": "numpy._core",
}

_EXACT = {
    "builtins": "set frozenset list dict tuple int float str bytes bytearray complex slice range xrange object bool long unicode NoneType Ellipsis "
    "NotImplemented Exception ValueError TypeError KeyError RuntimeError UserWarning",
    "copyreg": "_reconstructor __newobj__ __newobj_ex__",
    "collections": "OrderedDict defaultdict deque Counter UserDict UserList UserString ChainMap",
    "datetime": "datetime date time timedelta timezone",
    "decimal": "Decimal",
    "fractions": "Fraction",
    "uuid": "UUID SafeUUID",
    "zoneinfo": "ZoneInfo ZoneInfo._unpickle",
    "pathlib": "PurePath PurePosixPath PureWindowsPath PosixPath WindowsPath Path",
    "pathlib._local": "PurePath PurePosixPath PureWindowsPath PosixPath WindowsPath Path",
    "_codecs": "encode",
    "types": "SimpleNamespace MappingProxyType",
    "numpy": "dtype ndarray record matrix bool_ float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 str_ bytes_ "
    "datetime64 timedelta64 complex64 complex128 float_ int_ object_ generic nan inf asarray mean median sum prod std var amax amin max min "
    "abs absolute log log2 log10 log1p exp expm1 sqrt cbrt square sign sin cos tanh clip ravel nanmean nanmedian",
    "numpy.dtypes": "*Class",
    "numpy.rec": "recarray record",
    "numpy._core.multiarray": "_reconstruct scalar",
    "numpy._core.numeric": "_frombuffer",
    "numpy._core.records": "recarray record",
    "numpy._core._internal": "_convert_to_stringdtype_kwargs",
    "numpy.ma": "MaskedArray",
    "numpy.ma.core": "_mareconstruct MaskedArray",
    "numpy.matrixlib.defmatrix": "matrix",
    "numpy.random._pickle": "__bit_generator_ctor __generator_ctor __randomstate_ctor",
    "numpy.random.bit_generator": "SeedSequence __pyx_unpickle_SeedSequence",
    "numpy.random": "__RandomState_ctor",
    "numpy.polynomial.polynomial": "Polynomial",
    "numpy._core._multiarray_umath": "log log2 log10 log1p exp expm1 sqrt cbrt square absolute sign sin cos tanh maximum minimum",
    "scipy._lib.array_api_compat.numpy._aliases": "asarray",
    "sklearn.cluster._kmeans": "_kmeans_single_lloyd _kmeans_single_elkan",
    "pandas._libs.internals": "_unpickle_block BlockPlacement",
    "pandas.core.indexes.base": "_new_Index",
    "pandas.core.indexes.datetimes": "_new_DatetimeIndex",
    "pandas._libs.tslibs.timestamps": "Timestamp _unpickle_timestamp",
    "pandas._libs.tslibs.timedeltas": "Timedelta _timedelta_unpickle",
    "pandas._libs.arrays": "__pyx_unpickle_NDArrayBacked",
    "pandas": "DataFrame Series Index MultiIndex RangeIndex DatetimeIndex Timestamp Timedelta Categorical CategoricalDtype",
    "torch._utils": "_rebuild_tensor _rebuild_tensor_v2 _rebuild_parameter _rebuild_qtensor _rebuild_sparse_tensor",
    "torch": "Size Tensor device dtype float16 float32 float64 bfloat16 int8 int16 int32 int64 uint8 bool FloatStorage HalfStorage DoubleStorage "
    "LongStorage IntStorage ShortStorage CharStorage ByteStorage BoolStorage BFloat16Storage ComplexFloatStorage ComplexDoubleStorage",
    "torch.storage": "TypedStorage UntypedStorage",
    "torch.nn.parameter": "Parameter Buffer",
    "joblib.numpy_pickle": "NumpyArrayWrapper NDArrayWrapper ZNDArrayWrapper",
}  # fmt: skip
_ALLOWED = {module: frozenset(names.split()) for module, names in _EXACT.items()}

# Packages whose classes hold numbers and call nothing when restored. Functions of theirs only where `_RESTORERS` knows the name.
_CLASSES_OF = (
    "sklearn.", "scipy.sparse.", "scipy.spatial.", "scipy.interpolate.", "scipy.stats.", "scipy.special.", "pandas.core.", "pandas._libs.tslibs.",
    "xgboost.sklearn", "xgboost.core", "xgboost.compat", "lightgbm.sklearn", "lightgbm.basic", "catboost.core", "torch.nn.modules.", "numpy.dtypes",
    "numpy.random._mt19937", "numpy.random._pcg64", "numpy.random._philox", "numpy.random._sfc64", "numpy.random.mtrand", "numpy.random._generator",
    "imblearn.", "statsmodels.", "category_encoders.", "umap.", "hdbscan.", "mlxtend.", "sentence_transformers.models.",
)  # fmt: skip
_NOT_OF = ("sklearn.datasets", "sklearn.externals", "sklearn.utils._testing", "statsmodels.datasets", "statsmodels.iolib")
_RESTORERS = re.compile(r"^(__pyx_unpickle_\w+|newObj|_new_\w+|_rebuild_\w+|_reconstruct\w*)$")
_FUNCTIONS_OF = (
    "sklearn._loss.", "sklearn.neighbors._", "sklearn.metrics.", "sklearn.tree._", "sklearn.ensemble.", "sklearn.feature_selection.",
    "sklearn.feature_extraction.text", "sklearn.preprocessing._", "sklearn.gaussian_process.",
)  # fmt: skip

_MODULES_LISTED = """
    os posix nt ntpath posixpath sys subprocess _posixsubprocess importlib imp runpy pty socket _socket ctypes _ctypes shutil code codeop pickle
    cPickle marshal builtins inspect pdb bdb cProfile profile timeit trace doctest pydoc webbrowser urllib urllib2 http httplib ftplib smtplib
    imaplib poplib telnetlib xmlrpc requests aiohttp httpx urllib3 asyncio multiprocessing threading _thread concurrent signal tempfile pip venv
    ensurepip zipimport pkgutil commands popen2 io dill cloudpickle cffi distutils setuptools lib2to3 idlelib test unittest sqlite3 shelve dbm
    fileinput tarfile zipfile gzip bz2 lzma ssl site sysconfig gc atexit platform linecache glob fcntl mmap resource pwd grp readline rlcompleter
    pip._internal nose pytest _pytest IPython paramiko fabric docker psutil _osx_support _aix_support _pyrepl antigravity turtle tkinter
    logging.config numpy.f2py numpy.testing numpy.distutils numpy.lib.npyio numpy._core._ufunc_config torch.hub torch.serialization torch.jit
    torch.package torch.utils torch._inductor torch._dynamo torch.fx joblib.parallel joblib.memory joblib.externals joblib._memmapping_reducer
    keras.src.saving keras.saving keras.src.legacy keras.utils tensorflow.python.keras tensorflow.python.saved_model tensorflow.io
    _frozen_importlib _frozen_importlib_external _imp __builtins__ compileall py_compile nntplib pexpect select selectors socketserver syslog
    _sqlite3 _signal filecmp difflib uuid torch.distributed
    pandas.io pandas.core.computation sklearn.externals celery werkzeug flask django jinja2 yaml mlflow"""
_NAMES_LISTED = """
    system popen popen2 eval exec execfile compile open getattr setattr delattr __import__ import_module reload apply breakpoint input
    globals locals vars memoryview check_output check_call getoutput getstatusoutput Popen runstring runcode load_module exec_module run_module
    run_path spawn spawnl spawnv spawnve execl execle execlp execv execve execvp fork forkpty startfile unlink rmtree remove rmdir
    read_pickle load fromfile tofile memmap genfromtxt loadtxt DataSource loads _loads load_model resolve_name locate
    CodeType FunctionType LambdaType MethodType ModuleType methodcaller attrgetter
    map filter reduce starmap deserialize_keras_object func_load from_config _make_function _make_skel_func _builtin_type subimport _create_code
    _create_function _import_module _eval_repr FileHandler RotatingFileHandler SocketHandler"""
_MODULES, _NAMES = frozenset(_MODULES_LISTED.split()), frozenset(_NAMES_LISTED.split())
# Of modules that stand on the list above, what cannot hurt.
_HARMLESS = {("io", "BytesIO"), ("io", "StringIO"), ("multiprocessing.reduction", "rebuild_array")}


def renamed(module: str) -> str:
    """The name of the module in today's Python and NumPy."""
    for old, new in _RENAMED.items():
        if module == old or module.startswith(old + "."):
            return new + module[len(old) :]
    return module


def judge(module: str, name: str) -> str:
    """SAFE, UNKNOWN or DANGEROUS: importing this name from this module when the pickle is loaded."""
    module = renamed(module)
    allowed = _ALLOWED.get(module, frozenset())
    if name in allowed or ("*Class" in allowed and name.isidentifier() and name[0].isupper()):
        return SAFE
    if (module, name) in _HARMLESS:
        return UNKNOWN
    parts = name.split(".")
    if _leads_away(parts) or _dangerous_module(module) or any(part in _NAMES for part in parts):
        return DANGEROUS
    return SAFE if _known_class(module, name) else UNKNOWN


def _leads_away(parts: list[str]) -> bool:
    """A dotted name that walks through modules or special attributes: ``Outer.Inner`` is fine, ``x.__globals__`` and ``fixes.os`` are not."""
    special = any(part.startswith("__") and not part.startswith("__pyx_") for part in parts)
    return special or any(part in _MODULES for part in (parts if len(parts) > 1 else ()))


def _dangerous_module(module: str) -> bool:
    parts = module.split(".")
    return any(".".join(parts[: end + 1]) in _MODULES for end in range(len(parts)))


def _known_class(module: str, name: str) -> bool:
    if "." in name or any(module == no or module.startswith(no + ".") for no in _NOT_OF):
        return False
    bare = name.lstrip("_")
    if (bare[:1].isupper() or _RESTORERS.match(name)) and any(_within(module, package) for package in _CLASSES_OF):
        return True
    lower_class = module.startswith(("scipy.sparse.", "scipy.interpolate.", "scipy.stats._")) and bool(
        re.fullmatch(r"\w+_(matrix|array|gen|frozen)|interp1d", name)
    )
    return lower_class or any(module.startswith(package) for package in _FUNCTIONS_OF)


def _within(module: str, package: str) -> bool:
    return module.startswith(package) if package.endswith(".") else module == package or module.startswith(package + ".")
