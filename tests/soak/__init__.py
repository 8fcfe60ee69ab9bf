"""What shows only in the long run: leaks, and tasks that are lost or done twice. ``make soak`` runs it.

SOAK_BUILDS, SOAK_TASKS   how many builds one worker does, and short tasks three do; default 200 and 300
                          (24 are under way at once: with fewer than 72 tasks none may be left to be lost)
SOAK_ROUNDS               how often builds and bare rpmbuilds take turns; default 3
"""
