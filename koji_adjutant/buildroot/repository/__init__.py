"""Files of RPM repositories: downloaded, checked, decompressed."""
