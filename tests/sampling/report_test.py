"""Tests of the report, also in a browser without a network."""

import dataclasses
import json
import re
import shutil

import pytest

from sagan_tf.sampling import Sampler, report


@pytest.fixture(scope="module")
def path(generator, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "new" / "report.html"
    sampler = Sampler.of_generator(generator, {"step": "<5>"})
    report.write_report(sampler, path, [0, 1, 2], [0, 2])
    return path


def test_file_is_complete_and_needs_no_other(path):
    text = path.read_text()
    assert "{{" not in text.replace("${{", "")
    assert not re.search(r'(src|href)="?(https?:)?//', text)
    assert "step &lt;5&gt;" in text
    data = json.loads(re.search(r"const data = (.*);", text)[1])
    assert [row["class"] for row in data["samples"]] == [0, 2]
    first = data["samples"][0]["images"]
    assert [sample["seed"] for sample in first] == [0, 1, 2]
    assert len(data["truncation"]) == 6
    assert len(data["interpolation"]) == 2 * 12 + 1
    assert data["attention"][0]["queries"] == [16, 16]
    assert data["attention"][0]["keys"] == [8, 8]


def test_in_a_browser(path, tmp_path):
    """Sliders move, and pointing at an image shows attention."""
    webdriver = pytest.importorskip(
        "selenium.webdriver", reason="selenium is not installed"
    )
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not browser or not driver:
        pytest.skip("there is no Chromium with its driver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu"):
        options.add_argument(argument)
    service = webdriver.ChromeService(executable_path=driver)
    chrome = webdriver.Chrome(options=options, service=service)
    try:
        chrome.get(path.as_uri())
        assert len(chrome.find_elements("css selector", "#samples img")) == 6
        slider_image = chrome.find_element("id", "truncation-image")
        before = slider_image.get_attribute("src")
        chrome.execute_script(
            "const s = document.getElementById('truncation');"
            "s.value = 0; s.dispatchEvent(new Event('input'));"
        )
        assert slider_image.get_attribute("src") != before
        assert chrome.find_element("id", "truncation-value").text == "0.2"
        first, second = chrome.find_elements("css selector", ".pair canvas")[:2]
        plain = chrome.execute_script("return arguments[0].toDataURL()", second)
        chrome.execute_script("arguments[0].scrollIntoView()", first)
        webdriver.ActionChains(chrome).move_to_element_with_offset(
            first, -120, -120
        ).perform()
        pair = chrome.find_element("css selector", ".pair")
        assert pair.get_attribute("data-query") == "0,0"
        shown = chrome.execute_script("return arguments[0].toDataURL()", second)
        assert shown != plain
        assert not [
            entry
            for entry in chrome.get_log("browser")
            if entry["level"] == "SEVERE"
        ]
    finally:
        chrome.quit()


def test_metrics_and_curves_of_a_run(sampler, workdir, tmp_path, monkeypatch):
    folder = shutil.copytree(workdir, tmp_path / "run")
    names = ("discriminator_loss", "generator_loss", "real_logits")
    record = dict.fromkeys(("step", *names, "fake_logits"), 2)
    (folder / "metrics.jsonl").write_text(json.dumps(record) + "\n")
    (folder / "eval").mkdir()
    evaluation = {
        "metrics": {"frechet_distance": 12.345678},
        "protocol": {"step": 5, "weights": "raw"},
        "provenance": {"as_in_training": True},
    }
    (folder / "eval" / "x.json").write_text(json.dumps(evaluation))
    run = dataclasses.replace(sampler.run, workdir=folder)
    monkeypatch.setattr(sampler, "run", run)
    report.write_report(sampler, tmp_path / "report.html", [0], [1])
    text = (tmp_path / "report.html").read_text()
    assert "<th>frechet distance</th><td>12.3457</td>" in text
    assert 'alt="training curves" src="data:image/png' in text
