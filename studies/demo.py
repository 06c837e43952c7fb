"""The recipe of `make demo`, over seeds and lengths, and what it replaced.

    python studies/demo.py [--jobs=2] [--seeds=0,1,2]
    python studies/demo.py --report

Each recipe is trained five times as long as the demo, and evaluated after the
steps of the demo and then as often again. `studies/demo.json` keeps every
evaluation, and `--report` prints them as a table. A program that is stopped
goes on where it was; `--run=NAME --seed=N` trains one run alone.
"""

import dataclasses
import json
import pathlib
import runpy

import runs
from absl import app, flags

from sagan_tf.training import train
from sagan_tf.utils import files

ROOT = pathlib.Path(__file__).parents[1]
RESULT = pathlib.Path(__file__).with_suffix(".json")
STUDY = "demo"
LENGTH = 5
COLUMNS = {
    "asked_for_class_share": "share of the class asked for",
    "precision": "precision",
    "recall": "recall",
    "coverage": "coverage",
    "frechet_classifier_distance": "Frechet distance",
}


def configs():
    """Returns the `Config` of each recipe, by name."""
    demo = runpy.run_path(str(ROOT / "configs" / "digits.py"))["get_config"]()
    demo = dataclasses.replace(
        demo,
        eval_every_steps=demo.steps,
        sample_every_steps=demo.steps,
        checkpoint_every_steps=demo.log_every_steps,
        steps=LENGTH * demo.steps,
    )
    return {
        "demo": demo,
        "without mode seeking": dataclasses.replace(
            demo, mode_seeking_weight=0.0
        ),
    }


def table(results):
    """Returns every evaluation after step 0 as a table in Markdown."""
    lines = [
        f"| recipe | seed | steps | {' | '.join(COLUMNS.values())} |",
        f"|---|---|---|{'---|' * len(COLUMNS)}",
    ]
    for run in results["runs"]:
        for evaluation in run["evaluations"]:
            if evaluation["step"]:
                values = " | ".join(f"{evaluation[x]:.3g}" for x in COLUMNS)
                lines.append(
                    f"| {run['name']} | {run['seed']} | "
                    f"{evaluation['step']:,} | {values} |"
                )
    return "\n".join(lines)


def _collect(results, name, seed, evaluations):
    others = [
        run
        for run in results["runs"]
        if (run["name"], run["seed"]) != (name, seed)
    ]
    kept = {"step", *COLUMNS}
    run = {
        "name": name,
        "seed": seed,
        "machine": runs.machine(),
        "evaluations": [
            {key: value for key, value in each.items() if key in kept}
            for each in evaluations
        ],
    }
    results["runs"] = sorted(
        [*others, run], key=lambda each: (each["name"], each["seed"])
    )
    files.write_text(RESULT, json.dumps(results, indent=1) + "\n")


def main(_):
    values = flags.FLAGS
    results = {"runs": []}
    if RESULT.exists():
        results = json.loads(RESULT.read_text("utf-8"))
    if values.report:
        print(table(results))
        return
    if values.run:
        config = runs.with_seed(configs()[values.run], values.seed)
        train(config, runs.workdir_of(STUDY, values.run, values.seed))
        return
    runs.train_all(
        __file__,
        STUDY,
        configs(),
        [int(seed) for seed in values.seeds],
        values.jobs,
        lambda *found: _collect(results, *found),
    )
    print(table(results))


if __name__ == "__main__":
    flags.DEFINE_string("run", "", "Train this run alone.")
    flags.DEFINE_integer("seed", 0, "Its seed.")
    flags.DEFINE_list("seeds", ["0", "1", "2"], "Seeds of all runs.")
    flags.DEFINE_integer("jobs", 2, "Runs at once.")
    flags.DEFINE_boolean("report", False, "Print the table of the results.")
    app.run(main)
