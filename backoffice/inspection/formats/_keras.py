"""A Keras model's description inside an HDF5 file: layers that carry code, and layers that only the author's own code knows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from backoffice.inspection.report import Broken

_MOST_NODES = 2_000_000
_CODE = {"Lambda", "__lambda__", "lambda"}
_BY_NAME = {"TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty"}
_REACHING = ("io.", "raw_ops.", "py_func", "numpy_function", "compat.", "load_", "saved_model", "train.", "data.", "summary.", "debugging.",
             "distribute.", "print", "autograph.", "lite.", "queue.", "lookup.", "config.", "sysconfig.")  # fmt: skip
_OURS = ("keras", "tensorflow", "tf_keras", "builtins")
# Layers and their helpers as Keras 2 and 3 name them; older files name no module, so the name must tell.
_KNOWN = frozenset(
    """Functional Sequential Model InputLayer Dense Activation Embedding Masking EinsumDense Identity Conv1D Conv2D Conv3D SeparableConv1D
    SeparableConv2D DepthwiseConv1D DepthwiseConv2D Conv1DTranspose Conv2DTranspose Conv3DTranspose Convolution1D Convolution2D Convolution3D
    MaxPooling1D MaxPooling2D MaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D
    GlobalMaxPooling3D GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D AdaptiveAveragePooling2D LSTM GRU SimpleRNN RNN
    LSTMCell GRUCell SimpleRNNCell StackedRNNCells TimeDistributed Bidirectional ConvLSTM1D ConvLSTM2D ConvLSTM3D BaseRNN CuDNNLSTM CuDNNGRU
    LSTMV1 LSTMV2 GRUV1 GRUV2 BatchNormalization BatchNormalizationV1 BatchNormalizationV2 SyncBatchNormalization LayerNormalization
    UnitNormalization GroupNormalization RMSNormalization SpectralNormalization Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D
    GaussianDropout AlphaDropout GaussianNoise ActivityRegularization Attention AdditiveAttention MultiHeadAttention GroupedQueryAttention
    Reshape Flatten RepeatVector Permute Cropping1D Cropping2D Cropping3D UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D
    ZeroPadding3D Concatenate Average Maximum Minimum Add Subtract Multiply Dot ReLU Softmax LeakyReLU PReLU ELU ThresholdedReLU Normalization
    Discretization CategoryEncoding Hashing HashedCrossing StringLookup IntegerLookup TextVectorization Resizing Rescaling CenterCrop RandomCrop
    RandomFlip RandomTranslation RandomRotation RandomZoom RandomHeight RandomWidth RandomContrast RandomBrightness LocallyConnected1D
    LocallyConnected2D DenseFeatures TFOpLambda SlicingOpLambda DTypePolicy Policy
    VarianceScaling GlorotUniform GlorotNormal HeUniform HeNormal LecunUniform LecunNormal Zeros Ones Constant RandomNormal RandomUniform
    TruncatedNormal Orthogonal Identity L1 L2 L1L2 OrthogonalRegularizer MaxNorm NonNeg UnitNorm MinMaxNorm RadialConstraint
    Adam AdamW SGD RMSprop Adagrad Adadelta Adamax Nadam Ftrl Lion Adafactor ExponentialDecay PiecewiseConstantDecay PolynomialDecay CosineDecay
    InverseTimeDecay CosineDecayRestarts LossScaleOptimizer __tensor__ __numpy__ __keras_tensor__ __ellipsis__ __tuple__ TensorShape TypeSpec
    CategoricalCrossentropy SparseCategoricalCrossentropy BinaryCrossentropy MeanSquaredError MeanAbsoluteError Huber Accuracy BinaryAccuracy
    CategoricalAccuracy SparseCategoricalAccuracy AUC Precision Recall MeanMetricWrapper RootMeanSquaredError Mean KLDivergence Hinge LogCosh
    MeanAbsolutePercentageError CosineSimilarity Poisson function""".split()  # noqa: SIM905  (a table is easier to read than two hundred quotes)
)


def parsed(text: str | bytes) -> Any:
    """The description as JSON. ``Broken`` when it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise Broken("format.damaged", place="model_config", detail=f"JSON: {problem}"[:200]) from problem


def judged(config: Any) -> Iterator[tuple[str, str]]:
    """(rule, detail) of each layer that carries code or is not Keras' own."""
    for node in _nodes(config):
        name = node.get("class_name")
        if not isinstance(name, str):
            continue
        if name.rpartition(">")[2] in _CODE:
            yield "h5.lambda", _named(node)
        elif name in _BY_NAME:
            told = node.get("config")
            function = str(told.get("function") or told.get("method_name") or "") if isinstance(told, dict) else ""
            if function.removeprefix("tf.").startswith(_REACHING):
                yield "h5.lambda", f"{name}: {function}"[:100]
        elif _is_custom(node, name):
            yield "h5.custom_layer", name[:100]


def layers(config: Any) -> int:
    """How many layers the model has, of all levels."""
    return sum(1 for node in _nodes(config) if "class_name" in node and "inbound_nodes" in node) or sum(
        1 for node in _nodes(config) if isinstance(node.get("config"), dict) and "trainable" in node["config"]
    )


def _named(node: dict[str, Any]) -> str:
    told = node.get("config")
    return str(told.get("name", "Lambda") if isinstance(told, dict) else "Lambda")[:100]


def _is_custom(node: dict[str, Any], name: str) -> bool:
    module = node.get("module")
    if node.get("registered_name") and ">" in str(node["registered_name"]):
        return not str(node["registered_name"]).startswith(("keras", "Keras"))
    if isinstance(module, str) and module:
        return module.partition(".")[0] not in _OURS
    return name not in _KNOWN


def _nodes(config: Any) -> Iterator[dict[str, Any]]:
    """Every object of the description. Its own stack, so that depth cannot hurt."""
    waiting, seen = [config], 0
    while waiting:
        node = waiting.pop()
        seen += 1
        if seen > _MOST_NODES:
            raise Broken("h5.bomb", detail=f"model_config > {_MOST_NODES}")
        if isinstance(node, dict):
            yield node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
