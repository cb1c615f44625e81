"""Vendored browser files: the committed ones are the recorded ones."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from dashboards import vendoring
from dashboards.checks import vendored_files_unchanged


def test_committed_files_are_as_recorded():
    out = StringIO()
    call_command("vendor_assets", check=True, stdout=out)

    assert "as recorded" in out.getvalue()
    assert vendored_files_unchanged() == []


def test_a_changed_file_is_reported(tmp_path, monkeypatch):
    for path in vendoring.VENDOR_DIR.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "htmx.min.js").write_text("alert(1)")
    monkeypatch.setattr(vendoring, "VENDOR_DIR", tmp_path)
    monkeypatch.setattr(vendoring, "MANIFEST", tmp_path / "VENDOR.md")

    assert vendoring.drift() == ["htmx.min.js is not the file recorded in VENDOR.md."]
    with pytest.raises(CommandError, match=r"htmx\.min\.js"):
        call_command("vendor_assets", check=True)


def test_licences_are_vendored_with_the_files():
    for asset in vendoring.ASSETS:
        assert any("LICENSE" in name for _, name in asset.files)
