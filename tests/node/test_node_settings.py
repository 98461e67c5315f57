"""Settings files say what they mean, or are refused with the file and the key."""

from pathlib import Path

import pytest

from kumihimo.node import SettingsError, load_settings

INSTITUTION = """
id = "muni-131016"
name = "千代田区"
name_en = "Chiyoda City"
number = "1013101600000000"
domain = "jp/muni/131016"
body = "千代田区"
rooms = ["exchange"]
roles = ["municipality"]
municipality = "131016"

[[provides]]
information = "住民票関係情報"
layout = 1
query = "register/resident"

[options.exchange]
pages = true
"""
RUNTIME = """
institution = "muni-131016.toml"
base_url = "http://127.0.0.1:4701/muni-131016"
database = "postgresql://muni:hidden@/muni"
keys = "keys"
directory = ["http://127.0.0.1:4700/digital/o/directory"]
root_1 = "a"
root_2 = "b"
commission = "c"
"""


def written(folder: Path, institution: str = INSTITUTION, runtime: str = RUNTIME) -> Path:
    (folder / "muni-131016.toml").write_text(institution)
    path = folder / "run.toml"
    path.write_text(runtime)
    return path


def test_both_files_become_one_frozen_value(tmp_path):
    settings = load_settings(written(tmp_path), {})
    assert settings.provides[0].information == "住民票関係情報"
    assert settings.provides[0].cache_seconds == 0
    assert settings.option("exchange", "pages", False) is True
    assert settings.option("exchange", "other", "x") == "x"
    assert settings.runtime.keys == tmp_path / "keys"
    assert settings.runtime.directory == ("http://127.0.0.1:4700/digital/o/directory",)
    with pytest.raises(AttributeError):
        settings.id = "other"


def test_the_environment_overrides_where_it_runs(tmp_path):
    environ = {"KUMIHIMO_MUNI_131016_PORT": "4999", "KUMIHIMO_MUNI_131016_DIRECTORY": "http://a,http://b"}
    runtime = load_settings(written(tmp_path), environ).runtime
    assert (runtime.port, runtime.directory) == (4999, ("http://a", "http://b"))


def test_the_database_address_is_not_printed(tmp_path):
    assert "hidden" not in repr(load_settings(written(tmp_path), {}))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "千代田区"\n', "", "muni-131016.toml: Object missing required field `name`"),
        ("rooms = [", "romms = [", "muni-131016.toml: unknown key 'romms'; known keys are"),
        (
            'rooms = ["exchange"]',
            'rooms = "exchange"',
            r"muni-131016.toml: Expected `array`, got `str` - at `\$.rooms`",
        ),
        ('id = "muni-131016"', 'id = "Muni 1"', "muni-131016.toml: key 'id' must be"),
        ("body =", "body", "muni-131016.toml: is not TOML"),
        ("[options.exchange]", "[runtime]", "key 'runtime' belongs into the runtime file"),
    ],
)
def test_a_wrong_institution_file_is_named_with_its_key(tmp_path, old, new, said):
    assert old in INSTITUTION
    with pytest.raises(SettingsError, match=said):
        load_settings(written(tmp_path, institution=INSTITUTION.replace(old, new)), {})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('institution = "muni-131016.toml"', "", "run.toml: key 'institution' must name"),
        ("muni-131016.toml", "missing.toml", "missing.toml: cannot be read"),
        ('root_2 = "b"', "", "run.toml: Object missing required field `root_2`"),
        ("directory =", "# ", "run.toml: key 'directory' or 'directory_file'"),
        ("4701/muni-131016", "4701/muni-131016/", "must not end with a slash"),
        ('keys = "keys"', 'keys = "keys"\nport = "many"', r"run.toml: Expected `int`.*\$.port"),
    ],
)
def test_a_wrong_runtime_file_is_named_with_its_key(tmp_path, old, new, said):
    assert old in RUNTIME
    with pytest.raises(SettingsError, match=said):
        load_settings(written(tmp_path, runtime=RUNTIME.replace(old, new)), {})
