"""Reading RPM files without rpm."""
