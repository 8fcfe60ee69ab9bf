"""Tags of an RPM header that a comparison of two builds looks at, by number (rpm: include/rpm/rpmtag.h)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

BY_NATURE = {
    63: "the region that the header is",
    1006: "build time",
    1007: "build host",
    1094: "cookie: host and time of the build",
}
"""What no two builds have in common."""
DERIVED = {
    1009: "sum of sizes",
    1046: "size of the archive",
    1095: "file devices",
    1116: "directory indexes",
    1117: "base names",
    1118: "directory names",
    1140: "file colours",
    1141: "file classes",
    1142: "class dictionary",
    1143: "first dependency of each file",
    1144: "number of dependencies of each file",
    1145: "dependency dictionary",
    5009: "long sum of sizes",
    5092: "payload digest",
    5093: "its algorithm",
    5097: "digest of the unpacked payload",
    5112: "size of the payload",
    5113: "size of the unpacked payload",
    5115: "indexes of files' types",
    5116: "dictionary of files' types",
    5118: "package digests",
    5119: "their algorithms",
    5121: "SHA-512 of the payload",
    5122: "SHA-512 of the unpacked payload",
    5123: "SHA3-256 of the payload",
    5124: "SHA3-256 of the unpacked payload",
}
"""What follows from other tags, or from files."""
TEXTS = {
    1000: "Name",
    1001: "Version",
    1002: "Release",
    1003: "Epoch",
    1004: "Summary",
    1005: "Description",
    1010: "Distribution",
    1011: "Vendor",
    1014: "License",
    1015: "Packager",
    1016: "Group",
    1020: "URL",
    1021: "operating system",
    1022: "arch",
    1044: "source package",
    1064: "version of rpm",
    1080: "changelog (times)",
    1081: "changelog (names)",
    1082: "changelog (texts)",
    1122: "compiler options (optflags)",
    1124: "payload format",
    1125: "payload compressor",
    1126: "compressor options",
    1132: "platform",
    5114: "format of the package",
}
SCRIPTS = {
    1023: "%pre",
    1024: "%post",
    1025: "%preun",
    1026: "%postun",
    1079: "%verifyscript",
    1151: "%pretrans",
    1152: "%posttrans",
    1065: "triggers",
    5066: "file triggers",
    5076: "transaction file triggers",
    5103: "%preuntrans",
    5104: "%postuntrans",
}
DEPENDENCIES: Mapping[str, Sequence[int]] = {
    "Requires": (1049, 1048, 1050),
    "Provides": (1047, 1112, 1113),
    "Conflicts": (1054, 1053, 1055),
    "Obsoletes": (1090, 1114, 1115),
    "Recommends": (5046, 5048, 5047),
    "Suggests": (5049, 5051, 5050),
    "Supplements": (5052, 5054, 5053),
    "Enhances": (5055, 5057, 5056),
    "OrderWithRequires": (5035, 5037, 5036),
}
"""Their names, flags and versions."""
FILE_TEXTS: Mapping[str, int] = {
    "digest": 1035,
    "owner": 1039,
    "group": 1040,
    "link": 1036,
    "capabilities": 5010,
    "language": 1097,
}
FILE_NUMBERS: Mapping[str, int] = {"mode": 1030, "flags": 1037, "verify flags": 1045, "device": 1033}
FILE_SIZES = (5008, 1028)
"""The first that there is."""
FILE_INODES = 1096
"""Equal ones are hard links of each other; the numbers mean nothing."""
FILE_TIMES = 1034
BASE_NAMES = 1117
DIRECTORY_NAMES = 1118
DIRECTORY_INDEXES = 1116
