"""Run folders as an enemy would hand them over: what is changed in a run's configuration, and what is said to it.

``{evil}`` is a module on Python's path that leaves a mark when it is imported, ``{mark}`` that mark, ``{secret}`` a
file of the user's and ``{victim}`` a folder of theirs.
"""

from dataclasses import dataclass, field
from typing import Any

SHELL = {
    "class_path": "torch.fx.graph_module.reduce_graph_module",
    "init_args": {"body": {"_code": "x = 1"}, "import_block": "import os\nos.system('id > {mark}')\n"},
}
ALIASES = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]  # 9 ** 12 values
ALIASES += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
ESCAPES = "\x1b]0;owned\x07\x1b[2J\x9b31m"
LIGHTNING = "lightning.pytorch"
ONLY_DATA, FOREIGN = "only data is taken", "which is none of gan-lab's classes"
KIND, NO_NAME = "is not of the kind that is asked for", "which is no name"


@dataclass(frozen=True)
class Received:
    """A run of an enemy's.

    Attributes:
        says: What the command must say: on the standard error if it fails, and otherwise on either.
        changes: Dotted places in the configuration, and what is put there.
        refused: Whether the command must fail.
        command: What the user runs.
        paper: The run's.
        text: What follows the changed configuration in its file; all of the file, if nothing is changed.
    """

    says: str
    changes: dict[str, Any] = field(default_factory=dict)
    refused: bool = True
    command: str = "predict"
    paper: str = "pix2pix"
    text: str = ""


def harmless(changes: dict[str, Any], says: str = "", command: str = "predict", paper: str = "pix2pix") -> Received:
    """A run whose command succeeds, without what was put there."""
    return Received(says, changes, refused=False, command=command, paper=paper)


def built(path: str, **options: Any) -> dict[str, Any]:
    """A class and its options."""
    return {"class_path": path, "init_args": options}


def measured(extractor: Any, **options: Any) -> dict[str, Any]:
    """DistributionDistance with an extractor."""
    return {"trainer.callbacks": [built("DistributionDistance", extractor=extractor, num_images=4, **options)]}


PLAIN = built("RandomConvolutions", side=8, seed=0)

USUAL = {  # tried by every `make test`: each thing that was shown to be done, and one of every other kind
    "shell in a distance": harmless(
        {"trainer.callbacks": [built("gan_lab.callbacks.PathLength", distance=SHELL)]}, FOREIGN, "validate", "stylegan"
    ),
    "shell in a hook": harmless(
        {"trainer.callbacks": [built(f"{LIGHTNING}.callbacks.LambdaCallback", on_predict_start=SHELL)]},
        f"callback {LIGHTNING}.callbacks.LambdaCallback",
    ),
    "shell in an average": harmless(
        {"trainer.callbacks": [built(f"{LIGHTNING}.callbacks.WeightAveraging", avg_fn=SHELL)]}, "WeightAveraging"
    ),
    "shell for a model": Received(FOREIGN, {"model": SHELL}),
    "shell for data": Received(FOREIGN, {"data": SHELL}, command="validate"),
    "key sent away": harmless(
        {"trainer.logger": built(f"{LIGHTNING}.loggers.WandbLogger", settings={"base_url": "http://127.0.0.1:9"})},
        "trainer.logger",
        "validate",
    ),
    "key sent away by predict": harmless(
        {"trainer.logger": built("WandbLogger", settings={"base_url": "http://127.0.0.1:9"})}
    ),
    "metrics of another run": harmless(
        {"trainer.logger": [built("CSVLogger", save_dir="{victim}", name="", version="")]}, "trainer.logger", "validate"
    ),
    "profile": harmless(
        {"trainer.profiler": built("SimpleProfiler", dirpath="{victim}", filename="x")}, "trainer.profiler"
    ),
    "module imported": harmless({"trainer.plugins": [built("{evil}.Plugin")]}, "trainer.plugins"),
    "model that is a file": Received(FOREIGN, {"model": "{secret}"}),
    "escapes in a value": Received("cannot be printed", {"model.init_args.norm": f"batch{ESCAPES}"}),
    "escapes in a key": Received(NO_NAME, {"model.init_args": {f"norm{ESCAPES}": 1}}),
    "aliases": Received("once its aliases are written out", text="\n".join(ALIASES)),
    "aliases in a text": Received(
        "no plain text", {"data.init_args.seeds": f"{{{', '.join(ALIASES)}}}"}, paper="art_dcgan"
    ),
    "deep lists": Received("nested", text="model: " + "[" * 300 + "]" * 300),
    "home": harmless({"trainer.default_root_dir": "{victim}"}),
    "predictions": harmless({"predictions.folder": "{victim}"}, "predictions.folder"),
    "store": harmless({"data.init_args.store": "{victim}"}, "", "validate", "stylegan"),
    "statistics": harmless(measured(PLAIN, cache_folder="{victim}"), "cache_folder", "validate", "art_dcgan"),
    "foreign extractor": harmless(measured(built("{evil}.Extractor")), FOREIGN, "validate", "art_dcgan"),
    "through a module of ours": Received(FOREIGN, {"model.class_path": "gan_lab.modules.pix2pix.torch.nn.Identity"}),
    "dotted key": harmless({"trainer.logger~": built("{evil}.Logger")}, "trainer.logger"),
    "dotted option": Received(NO_NAME, {"data.init_args": {"degradation.class_path": "{evil}.Gray"}}),
    "tag": Received("could not determine a constructor", text="model: !!python/object/apply:os.system ['id > {mark}']"),
}

RARE = {
    "zero byte": Received("cannot be printed", {"data.init_args.root": "x\0"}),
    "model of Lightning": Received(FOREIGN, {"model": f"{LIGHTNING}.demos.boring_classes.BoringModel"}),
    "data of Lightning": Received(FOREIGN, {"data": f"{LIGHTNING}.demos.boring_classes.BoringDataModule"}),
    "model imported": Received(FOREIGN, {"model.class_path": "{evil}.Model"}),
    "data imported": Received(FOREIGN, {"data.class_path": "{evil}.Data"}),
    "abstract data": Received(FOREIGN, {"data.class_path": "gan_lab.datamodules.GANDataModule"}),
    "function of ours": Received(FOREIGN, {"model.class_path": "gan_lab.modules.pix2pix.load_generator_weights"}),
    "options of a file": Received("are no options", {"model.init_args": "{secret}"}),
    "numbers of a file": Received(KIND, {"model.init_args.betas": "{secret}"}),
    "number of a file": Received(KIND, {"model.init_args.l1_weight": "{secret}"}),
    "schedule of a file": Received(KIND, {"data.init_args.schedule": "{secret}"}, paper="stylegan"),
    "class for a number": Received(FOREIGN, {"model.init_args.l1_weight": SHELL}),
    "class for a text": Received(FOREIGN, {"data.init_args.direction": built("{evil}.Text")}),
    "unknown options": Received("no class_path with init_args", {"model.dict_kwargs": {"x": SHELL}}),
    "path of a configuration": Received("no class_path with init_args", {"model.__path__": "{secret}"}),
    "list for a model": Received("no class_path with init_args", {"model": [SHELL]}),
    "nothing for a model": Received("no class_path with init_args", {"model": None}),
    "number for a class": Received(FOREIGN, {"model.class_path": 3}),
    "extractor in a word": harmless(measured("{evil}.Extractor"), FOREIGN, "validate", "art_dcgan"),
    "extractor of a file": harmless(measured("{secret}"), FOREIGN, "validate", "art_dcgan"),
    "extractor of another kind": harmless(measured(built("lpips.LPIPS", model_path="{secret}")), KIND, "validate"),
    "device for weights": harmless(
        measured(built("Inception", weights="/dev/zero")), "no plain text or path", "validate", "art_dcgan"
    ),
    "callbacks of a file": harmless({"trainer.callbacks": "{secret}"}, "callback"),
    "callback alone": harmless({"trainer.callbacks": built("{evil}.Callback")}, "callback {evil}.Callback"),
    "callback in a word": harmless({"trainer.callbacks": ["{evil}.Callback"]}, "callback {evil}.Callback", "test"),
    "callback that is a list": harmless({"trainer.callbacks": [[SHELL]]}, "callback"),
    "strategy": harmless({"trainer.strategy": built("{evil}.Strategy")}, "trainer.strategy"),
    "thousands of processes": harmless({"trainer.devices": 5000}, "trainer.devices"),
    "thousands of machines": harmless({"trainer.num_nodes": 5000}, "trainer.num_nodes"),
    "thousands of readers": Received("num_workers is too large", {"data.init_args.num_workers": 100_000}),
    "thousands of readers in letters": Received("num_workers is too large", {"data.init_args.num_workers": "100000"}),
    "accelerator": harmless({"trainer.accelerator": built("{evil}.Accelerator")}, "trainer.accelerator"),
    "precision": harmless({"trainer.precision": built("{evil}.Precision")}, "trainer.precision"),
    "limit": harmless({"trainer.limit_predict_batches": SHELL}, "trainer.limit_predict_batches"),
    "trainer of a file": harmless({"trainer": "{secret}"}),
    "trainer of a class": harmless({"trainer": built("{evil}.Trainer")}, "trainer.class_path"),
    "configuration in it": harmless({"config": "{secret}"}, "leaves out config"),
    "command in it": harmless({"predict": {"trainer": {"logger": SHELL}}}, "leaves out predict"),
    "trust in it": harmless({"trust": True, "trainer.plugins": [built("{evil}.Plugin")]}, "leaves out trust"),
    "another checkpoint": harmless({"ckpt_path": "{secret}"}),
    "pickled weights": harmless({"model.init_args.generator_weights": "{secret}"}),
    "device for data": Received("no plain text or path", {"data.init_args.root": "/dev/zero"}, command="validate"),
    "device for pictures": Received("no plain text or path", {"data.init_args.predict_folder": "/dev/zero"}),
    "variable": Received("${HOME}/val does not exist", {"data.init_args.root": "${HOME}"}),
    "number beyond bounds": Received("too large", {"seed_everything": 10**40}),
    "number of thousands of digits": Received("thousands of digits", text="seed_everything: " + "9" * 5000),
    "seed of a class": harmless({"seed_everything": SHELL}),
    "escapes in a section": harmless({ESCAPES: 1}, "\\x1b]0;owned"),
    "escapes in a callback": harmless({"trainer.callbacks": [f"evil.{ESCAPES}"]}, "\\x1b]0;owned"),
    "lines in a key": harmless({"x\ngan-lab: all is well": 1}, "leaves out x gan-lab: all is well"),
    "merged keys": Received("leaves out y", {"ckpt_path": None}, refused=False, text="<<: {y: {evil}.Y}"),
    "deep blocks": Received("nested", text="model:\n" + "- " * 200),
    "itself": Received("stands within", text="model: &m {init_args: *m}"),
    "two models": Received("is given twice", text="model: Pix2PixModule\nmodel: {evil}.Model"),
    "two documents": Received("another document", text="model: Pix2PixModule\n---\nmodel: {evil}.Model"),
    "no text": Received("not a YAML file", text="model: \x00"),
    "too long": Received("bytes", text="# " + "x" * 1_000_001),
    "no mapping": Received("holds no configuration", text="- model"),
}
