"""Calls of a real hub (1.35) that devhub does not have: asked for one, it says so."""

from __future__ import annotations

ABSENT = frozenset(
    """
    CGImport CGInitBuild CGRefundBuild addArchiveType addBType addExternalRPM addRPMSig
    addUserKrbPrincipal addVolume applyVolumePolicy buildImage buildImageIndirection buildImageOz
    buildReferences chainMaven changeBuildVolume count countAndFilterResults createEmptyBuild
    createImageBuild createMavenBuild createNotification createNotificationBlock createWinBuild
    deleteBuild deleteNotification deleteNotificationBlock deleteRPMSig distRepo filterResults getArchive
    getArchiveFile getArchiveType getArchiveTypes getBuildNotification getBuildNotificationBlock
    getChangelogEntries getImageArchive getImageBuild getLatestMavenArchives getMavenArchive getMavenBuild
    getRPMChecksums getRPMDeps getRPMFile getRPMHeaders getWinArchive getWinBuild grantCGAccess
    host.completeImageBuild host.completeMavenBuild host.completeWinBuild host.createMavenBuild
    host.distRepoMove host.importArchive host.importImage host.importWrapperRPMs host.initImageBuild
    host.initMavenBuild host.initWinBuild host.moveImageBuildToScratch host.moveMavenBuildToScratch
    host.moveWinBuildToScratch host.updateBuildrootArchives host.updateMavenBuildRootList
    host.writeSignedRPM importArchive importRPM listArchiveFiles listArchives listCGs listRPMFiles
    listTaggedArchives massTag mavenBuild mergeScratch moveAllBuilds promoteBuild queryHistory
    removeUserKrbPrincipal removeVolume repo.getExternalRepoData repo.setExternalRepoData resetBuild
    revokeCGAccess scheduler.getLogMessages scheduler.getTaskRuns search setBuildOwner setBuildTimestamp
    showOpts snapshotTag snapshotTagModify untaggedBuilds updateNotification winBuild wrapperRPM
    writeSignedRPM
    """.split()
)
