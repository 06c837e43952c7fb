"""A few hundred inputs of tests/tools/fuzz.py, which runs by the hour."""

import fuzz


def test_nothing_is_found(tmp_path, capfd):
    found = []
    counts = fuzz.fuzz(
        7, tmp_path, 60, most=500, found=lambda *finding: found.append(finding)
    )
    assert not found
    assert sum(counts.values()) == 500
    for kind in ("configuration", "image"):
        for outcome in ("accepted", "refused"):
            assert counts[f"{kind}: {outcome}"] > 5


def test_findings_are_told(tmp_path, monkeypatch, capfd):
    """An exception that is not documented, and one without the file's name."""

    def broken(path):
        raise ValueError("no name") if path.suffix == ".json" else KeyError("x")

    monkeypatch.setattr(fuzz.Config, "load", broken)
    monkeypatch.setattr(fuzz, "examine", broken)
    found = []
    counts = fuzz.fuzz(
        7, tmp_path, 60, most=30, found=lambda *finding: found.append(finding)
    )
    assert len(found) == sum(counts.values()) == 30
    assert {path.suffix for path, _ in found} > {".json", ".png"}
