"""The tool image: what runs dnf, createrepo_c, git and the like, made from the host's own packages."""
