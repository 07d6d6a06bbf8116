"""action.yml, its shell steps really run: installed as a wheel, one step, shards and their verdict, caches."""

import json
import os
import shutil
import site
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from checkout import ROOT
from composite_action import ActionRun, nothing

SUBJECT = """\
title: mine
files: [mine.py]
start: ["{python}", mine.py, "{port}", "{bind}"]
ready: {port: true}
talk: {send: "", expect: "^hello$"}
bind: {both: ["0.0.0.0", "::"], six: ["::1"]}
"""
SERVER = """\
import selectors, socket, sys
waiting = selectors.DefaultSelector()
for host in sys.argv[2:]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listener.bind((host, int(sys.argv[1])))
    listener.listen()
    waiting.register(listener, selectors.EVENT_READ)
while True:
    for key, _ in waiting.select():
        client = key.fileobj.accept()[0]
        client.sendall(b"hello\\n")
        client.close()
"""
ONE_PROBE = "-k test_a_client_on_ipv4_loopback_is_served"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The temporary folder of a runner in which the action has installed itself: what it needs besides is the tests'
    own, so that nothing but the wheel's build is fetched.
    """
    run = ActionRun(ROOT, tmp_path_factory.mktemp("installed"), os.environ)
    assert run.run("environment", python=sys.executable), run.printed
    (packages,) = (run.folder / "temp" / "anyunix" / "lib").glob("python*/site-packages")
    theirs = [path for path in (*site.getsitepackages(), *sys.path) if path.endswith("-packages")]
    (packages / "theirs.pth").write_text("\n".join(dict.fromkeys(theirs)) + "\n")
    assert run.run("install"), run.printed
    assert run.file("path") == f"{run.folder}/temp/anyunix/path\n"
    assert (packages / "anyunix" / "data" / "suite").is_dir()
    return run.folder / "temp"


@pytest.fixture
def use(installed: Path, tmp_path: Path) -> Callable[..., ActionRun]:
    """Makes uses of the action in one repository of a user, each as a job of its own."""

    def make(job: str, **more: object) -> ActionRun:
        run = ActionRun(ROOT, tmp_path / job, os.environ, **more)  # type: ignore[arg-type]
        shutil.copytree(installed, run.folder / "temp", symlinks=True, dirs_exist_ok=True)
        work = run.folder / "work"
        (work / "test").mkdir()
        (work / "test" / "mine.yaml").write_text(SUBJECT.replace(', "{bind}"', ""))
        (work / "test" / "mine.py").write_text(SERVER)
        for name in ("one", "two"):
            (work / f"{name}.yaml").write_text(f"title: {name}\ndriver: local\n")
        return run

    return make


STEPS = ("anyunix", "upload", "link")


def test_one_step_runs_judges_annotates_and_uploads(use: Callable[..., ActionRun]) -> None:
    run = use("job", uses=lambda name, given: {"artifact-url": "https://example.org/page"})
    good = run.run(
        *STEPS,
        subject="./test/mine.yaml",
        platforms="./one.yaml, ./two.yaml",
        bind="six",
        experiments="false",
        arguments=f"{ONE_PROBE} --jobs 2",
    )
    printed = run.printed["anyunix"]
    assert not good
    assert run.context["outputs.status"] == "1", printed
    assert run.context["outputs.verdict"] == "promises broken"
    assert "::error file=test/mine.yaml,line=3,title=broken promise%3A test_a_client_on_ipv4" in printed
    summary = run.file("summary")
    assert "**mine, bind six: promises broken**" in summary
    assert summary.endswith("[All of it, as a page](https://example.org/page)\n")
    assert run.used == [("actions/upload-artifact@v7", {"name": "anyunix", "path": "anyunix-out", "overwrite": "True"})]
    assert (run.folder / "work" / "anyunix-out" / "index.html").is_file()


def test_what_is_kept_everywhere_is_portable(use: Callable[..., ActionRun]) -> None:
    run = use("job")
    assert run.run(*STEPS, subject="./test/mine.yaml", platforms="./one.yaml\n./two.yaml\n", arguments=ONE_PROBE)
    assert (run.context["outputs.status"], run.context["outputs.verdict"]) == ("0", "portable")
    assert "::error" not in run.printed["anyunix"]


def test_shards_on_machines_of_their_own_are_one_verdict(use: Callable[..., ActionRun], tmp_path: Path) -> None:
    """Each job has its own folder; what goes from one to the other goes by artifacts."""
    kept = tmp_path / "artifacts"

    def artifacts(run: ActionRun) -> ActionRun:
        def answer(name: str, given: Mapping[str, str]) -> Mapping[str, str]:
            if name.startswith("actions/upload-artifact@"):
                shutil.copytree(run.folder / "work" / given["path"], kept / given["name"])
            elif "pattern" in given:
                for folder in kept.glob(given["pattern"]):
                    shutil.copytree(folder, Path(given["path"], folder.name))
            else:
                shutil.copytree(kept / given["name"], given["path"])
            return {}

        run.uses = answer
        return run

    same = {"subject": "./test/mine.yaml", "platforms": "./one.yaml,./two.yaml", "arguments": ONE_PROBE}
    plan = artifacts(use("plan"))
    assert plan.run(*STEPS, do="plan", shards="2", experiments="false", **same), plan.printed
    rows = json.loads(plan.context["outputs.matrix"])["include"]
    assert [row["shard"] for row in rows] == ["1", "2"]
    for row in rows:
        shard = artifacts(use(f"shard-{row['shard']}"))
        one = {"do": "shard", "command": row["command"], "out": row["out"], "shard": row["shard"], **same}
        assert shard.run(*STEPS, **one), shard.printed
        assert "--no-experiments" in row["command"]
    assert sorted(folder.name for folder in kept.iterdir()) == ["anyunix-plan", "anyunix-shard-1", "anyunix-shard-2"]
    merge = artifacts(use("merge"))
    assert merge.run("plan-of-the-shards", "parts", *STEPS, do="merge", subject=same["subject"]), merge.printed
    assert merge.context["outputs.verdict"] == "portable"
    assert "2 platforms ran" in merge.printed["anyunix"]


def test_a_mistake_is_status_2_and_said(use: Callable[..., ActionRun]) -> None:
    run = use("job")
    assert not run.run(*STEPS, subject="./test/mine.yaml", do="rum")
    assert run.context["outputs.status"] == "2"
    assert "do: expected run, plan, shard or merge, found rum" in run.printed["anyunix"]
    assert not run.run(*STEPS, subject="./none.yaml; touch injected", platforms="local")
    assert run.context["outputs.status"] == "2"
    assert not (run.folder / "work" / "injected").exists()
    assert not run.run("environment", python="no-such-python")
    assert "no-such-python is missing or older than Python 3.10" in run.printed["environment"]


def fake(folder: Path, **programs: str) -> dict[str, str]:
    """Programs that do what a shell line says, and note that they were called, before the usual ones."""
    folder.mkdir()
    for name, does in programs.items():
        (folder / name).write_text(f'#!/bin/sh\necho "{name} $*" >>"{folder}/called"\n{does}\n')
        (folder / name).chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


def test_user_namespaces_are_asked_for_where_the_runner_forbids_them(tmp_path: Path) -> None:
    """As on Ubuntu 24.04: forbidden until one setting is turned; and where nothing helps, that is said, no error."""
    programs = {"unshare": "[ -e turned ]", "sudo": "touch turned", "sysctl": "echo 1", "uname": "echo Linux"}
    run = ActionRun(ROOT, tmp_path / "job", fake(tmp_path / "bin", **programs))
    assert run.run("namespaces")
    called = (tmp_path / "bin" / "called").read_text()
    assert "sudo -n sysctl -qw kernel.apparmor_restrict_unprivileged_userns=0" in called
    assert run.printed["namespaces"] == ""
    programs = {**programs, "sudo": "exit 1"}
    hopeless = ActionRun(ROOT, tmp_path / "hopeless", fake(tmp_path / "bin2", **programs))
    assert hopeless.run("namespaces")
    assert "this runner forbids user namespaces" in hopeless.printed["namespaces"]


def test_images_are_kept_for_the_next_run_and_loaded_then(tmp_path: Path) -> None:
    docker = 'case $1 in images) echo anyunix/debian:1; echo anyunix/alpine:2 ;; save) echo tar >"$3" ;; esac'
    environment = fake(tmp_path / "bin", docker=docker)
    run = ActionRun(ROOT, tmp_path / "job", environment, uses=nothing)
    assert run.run("key", "cache", "load", "keep")
    ((_, given),) = run.used
    assert Path(given["path"]).name == "anyunix"
    assert given["key"].startswith("anyunix-Linux-X64-")
    assert all(given["key"].startswith(key) for key in given["restore-keys"].split())
    called = (tmp_path / "bin" / "called").read_text()
    assert f"docker save --output {given['path']}/images.tar anyunix/debian:1 anyunix/alpine:2" in called
    assert "docker load" not in called  # there was none yet
    again = ActionRun(ROOT, tmp_path / "job", environment, uses=lambda *_: {"cache-hit": "true"})
    (tmp_path / "bin" / "called").unlink()
    assert again.run("key", "cache", "load", "keep")
    called = (tmp_path / "bin" / "called").read_text()
    assert f"docker load --quiet --input {given['path']}/images.tar" in called
    assert "docker save" not in called
