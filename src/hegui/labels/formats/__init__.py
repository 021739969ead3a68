"""The file formats that can hold a label, one family a file."""

from collections.abc import Sequence
from typing import Final

from hegui.labels.container import Format
from hegui.labels.formats.avi import FORMATS as AVI
from hegui.labels.formats.bmp import FORMATS as BMP
from hegui.labels.formats.flac import FORMATS as FLAC
from hegui.labels.formats.flv import FORMATS as FLV
from hegui.labels.formats.gif import FORMATS as GIF
from hegui.labels.formats.heif import FORMATS as HEIF
from hegui.labels.formats.jpeg import FORMATS as JPEG
from hegui.labels.formats.markdown import FORMATS as MARKDOWN
from hegui.labels.formats.matroska import FORMATS as MATROSKA
from hegui.labels.formats.mp4 import FORMATS as MP4
from hegui.labels.formats.mpeg_audio import FORMATS as MPEG_AUDIO
from hegui.labels.formats.ogg import FORMATS as OGG
from hegui.labels.formats.ooxml import FORMATS as OOXML
from hegui.labels.formats.pdf import FORMATS as PDF
from hegui.labels.formats.png import FORMATS as PNG
from hegui.labels.formats.texts import FORMATS as TEXTS
from hegui.labels.formats.tiff import FORMATS as TIFF
from hegui.labels.formats.wav import FORMATS as WAV
from hegui.labels.formats.webp import FORMATS as WEBP

FORMATS: Final[Sequence[Format]] = (
    *JPEG,
    *PNG,
    *WEBP,
    *GIF,
    *TIFF,
    *BMP,
    *HEIF,
    *MATROSKA,
    *MP4,
    *MPEG_AUDIO,
    *WAV,
    *AVI,
    *FLAC,
    *OGG,
    *FLV,
    *PDF,
    *OOXML,
    *TEXTS,
    *MARKDOWN,
)
"""Every format, in the order in which a file is asked whether it is one."""
