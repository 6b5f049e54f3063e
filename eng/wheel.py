#!/usr/bin/env python3
"""Makes a wheel of a published program: eng/wheel.py FOLDER SYSTEM VERSION ASSETS OUT (eng/publish --wheels calls it).

A wheel is a zip with a RECORD of its files. FOLDER has the program and its native libraries, ASSETS is the project.assets.json it was
published with, which says what packages are in it. Needs Python's standard library alone; equal input gives equal bytes.
"""
import base64
import hashlib
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as xml
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIMIT = 75_000_000
PROCESSORS = {"x64": "x86_64", "arm64": "aarch64"}
BSD_3 = """\
Redistribution and use in source and binary forms, with or without modification, are permitted provided that the
following conditions are met:
1. Redistributions of source code must retain the above copyright notice, this list of conditions and the following
disclaimer.
2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the following
disclaimer in the documentation and/or other materials provided with the distribution.
3. Neither the name of the copyright holder nor the names of its contributors may be used to endorse or promote
products derived from this software without specific prior written permission.
THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES,
INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL,
SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY,
WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
"""


def tag(folder: pathlib.Path, system: str) -> str:
    """The platform of the wheel. On Linux it is what the symbols of program and libraries ask of the C library."""
    if system == "win-x64":
        return "win_amd64"
    if system == "osx-arm64":
        return "macosx_14_0_arm64"  # the oldest that .NET 10 supports
    processor = PROCESSORS[system.split("-")[-1]]
    symbols = re.compile(rb"\0GLIBC_(\d+)\.(\d+)[.\d]*(?=\0)")
    versions = {tuple(map(int, found)) for file in folder.iterdir() for found in symbols.findall(file.read_bytes())}
    if "musl" in system:
        if versions:
            raise SystemExit(f"eng/wheel.py: {folder}: is for musl and asks for glibc {max(versions)}")
        return f"musllinux_1_2_{processor}"
    return "manylinux_{}_{}_{}".format(*max(versions), processor)


# Packages that give the address of their licence and not its name.
LICENCE_OF = {"K4os.Compression.LZ4": "MIT"}


def notices(assets: dict) -> str:
    """The licences of all that the program contains: of each package its own files, or the text that its licence expression names."""
    home = pathlib.Path(next(iter(assets["packageFolders"])))
    packages = [name.split("/") for name, library in assets["libraries"].items() if library["type"] == "package"]
    for framework in assets["project"]["frameworks"].values():
        packages += [(one["name"], one["version"].strip("[]").split(",")[0]) for one in framework.get("downloadDependencies", [])]
    mit = (ROOT / "LICENSE").read_text(encoding="utf-8").split("\n\n", 2)[2]
    parts, seen = [], {}
    for name, version in sorted(packages, key=lambda one: one[0].lower()):
        if ".ILLink." in name or ".Crossgen2." in name or name.startswith("Microsoft.NETCore.App.Host"):
            continue  # what builds; nothing of it is in the program but what the runtime's notices cover
        folder = home / name.lower() / version
        # Namespaces of nuspec files differ by their age.
        facts = {element.tag.split("}")[-1]: (element.text or "").strip() for element in xml.parse(next(folder.glob("*.nuspec"))).iter()}
        licence = facts.get("license") or LICENCE_OF.get(name, "")
        head = f"{name} {version}\n{facts.get('copyright', '')}\nby {facts.get('authors', '')}; licence {licence}"
        files = sorted(file for file in [*folder.glob("*"), *folder.glob("Notices/*")]
                       if re.match(r"(?i)(licen[sc]e|third-party|notice)", file.name) and file.is_file())
        texts = [file.read_text(encoding="utf-8-sig", errors="replace") for file in files]
        texts = texts or [{"MIT": mit, "BSD-3-Clause": BSD_3}[licence]]
        for text in texts:
            first = seen.setdefault(text, name)
            head += "\n\n" + (text.strip() if first == name else f"(the text is that of {first})")
        parts.append(head)
    for title, path in (("DejaVu Sans", "Fonts/LICENSE"), ("uPlot", "Page/vendor/uPlot.LICENSE.txt")):
        path = f"src/LastBit.Reports/{path}"
        parts.append(f"{title}\n\n" + (ROOT / path).read_text(encoding="utf-8").strip())
    return ("\n\n" + "=" * 80 + "\n\n").join(parts) + "\n"


def main() -> None:
    folder, system, version, assets, out = sys.argv[1:]
    folder, out = pathlib.Path(folder), pathlib.Path(out)
    version = re.sub(r"-dev\.", ".dev", version)  # as Python writes versions
    platform = tag(folder, system)
    info = f"lastbit-{version}.dist-info"
    description = (ROOT / "docs/python.md").read_text(encoding="utf-8")
    files = {f"lastbit/{file.name}": file.read_bytes() for file in (ROOT / "python/lastbit").iterdir() if file.is_file()}
    files |= {f"lastbit/_bin/{file.name}": file.read_bytes() for file in folder.iterdir()}
    files |= {
        f"{info}/METADATA": (
            f"Metadata-Version: 2.1\nName: lastbit\nVersion: {version}\n"
            "Summary: How much of a training run is rounding error? The noise floor of your trainings, and whether one is better.\n"
            "Author: the LastBit authors\nLicense: MIT\nLicense-File: LICENSE\nLicense-File: THIRD-PARTY-NOTICES.txt\n"
            "Keywords: machine learning,reproducibility,floating point,statistics,PyTorch\n"
            "Classifier: Environment :: Console\nClassifier: Intended Audience :: Science/Research\n"
            "Classifier: License :: OSI Approved :: MIT License\n"
            "Classifier: Programming Language :: Python :: 3\nClassifier: Programming Language :: C#\nClassifier: Typing :: Typed\n"
            "Requires-Python: >=3.9\nDescription-Content-Type: text/markdown\n\n" + description).encode(),
        f"{info}/WHEEL":
            f"Wheel-Version: 1.0\nGenerator: lastbit (eng/wheel.py)\nRoot-Is-Purelib: false\nTag: py3-none-{platform}\n".encode(),
        f"{info}/entry_points.txt": b"[console_scripts]\nlastbit = lastbit.__main__:main\n",
        f"{info}/licenses/LICENSE": (ROOT / "LICENSE").read_bytes(),
        f"{info}/licenses/THIRD-PARTY-NOTICES.txt": notices(json.loads(pathlib.Path(assets).read_text(encoding="utf-8"))).encode(),
    }
    digests = {name: base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode() for name, content in files.items()}
    record = "".join(f"{name},sha256={digest},{len(files[name])}\n" for name, digest in digests.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()

    out.mkdir(parents=True, exist_ok=True)
    wheel = out / f"lastbit-{version}-py3-none-{platform}.whl"
    unfinished = wheel.with_suffix(".unfinished")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)  # of 1980, whenever it was made
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            entry.external_attr = (0o100755 if "/_bin/" in name else 0o100644) << 16
            archive.writestr(entry, content)
    size = unfinished.stat().st_size
    if size > LIMIT:
        raise SystemExit(f"eng/wheel.py: {wheel.name} has {size / 1e6:.1f} MB; {LIMIT / 1e6:.0f} MB are the limit")
    unfinished.rename(wheel)
    print(f"{wheel}: {size / 1e6:.1f} MB")


main()
