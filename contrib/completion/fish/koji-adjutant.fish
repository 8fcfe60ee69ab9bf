# Completion of koji-adjutant for fish: click knows the options of the version that is installed.
_KOJI_ADJUTANT_COMPLETE=fish_source koji-adjutant | source
