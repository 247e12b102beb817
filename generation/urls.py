from __future__ import annotations

from django.urls import path

from generation.views import arrangements, jobs, methods, projects, runs, uploads

app_name = "generation"
urlpatterns = [
    path("projects/", projects.projects_page, name="projects"),
    path("projects/new/", projects.project_new_page, name="project-new"),
    path("projects/<uuid:pk>/", projects.project_page, name="project"),
    path("projects/<uuid:pk>/brief/", projects.brief_page, name="brief"),
    path("projects/<uuid:pk>/members/", projects.member_add, name="members"),
    path("projects/<uuid:pk>/members/<uuid:member>/end/", projects.member_remove, name="member-remove"),
    path("projects/<uuid:pk>/runs/new/", runs.run_new_page, name="run-new"),
    path("projects/<uuid:pk>/uploads/new/", uploads.upload_new_page, name="upload-new"),
    path("projects/<uuid:pk>/arrangements/new/", arrangements.arrangement_new_page, name="arrangement-new"),
    path("runs/<uuid:pk>/", runs.run_page, name="run"),
    path("runs/<uuid:pk>/status/", runs.run_status, name="run-status"),
    path("runs/<uuid:pk>/listen/<int:number>/", runs.run_listen, name="run-listen"),
    path("takes/<uuid:pk>/decide/", runs.take_decide, name="take-decide"),
    path("takes/<uuid:pk>/heard/", runs.take_heard, name="take-heard"),
    path("takes/<uuid:pk>/audio/", runs.take_audio, name="take-audio"),
    path("takes/<uuid:pk>/peaks/", runs.take_peaks, name="take-peaks"),
    path("takes/<uuid:pk>/midi/", runs.take_midi, name="take-midi"),
    path("stems/<uuid:pk>/audio/", runs.stem_audio, name="stem-audio"),
    path("stems/<uuid:pk>/peaks/", runs.stem_peaks, name="stem-peaks"),
    path("uploads/<uuid:pk>/audio/", uploads.upload_audio, name="upload-audio"),
    path("uploads/<uuid:pk>/peaks/", uploads.upload_peaks, name="upload-peaks"),
    path("arrangements/<uuid:pk>/", arrangements.arrangement_page, name="arrangement"),
    path("arrangements/<uuid:pk>/save/", arrangements.arrangement_save, name="arrangement-save"),
    path("versions/<uuid:pk>/name/", arrangements.version_name, name="version-name"),
    path("versions/<uuid:pk>/render/", arrangements.render_new, name="render-new"),
    path("renders/<uuid:pk>/", arrangements.render_page, name="render"),
    path("renders/<uuid:pk>/audio/", arrangements.render_audio, name="render-audio"),
    path("renders/<uuid:pk>/peaks/", arrangements.render_peaks, name="render-peaks"),
    path("masters/<uuid:pk>/", arrangements.master_page, name="master"),
    path("masters/<uuid:pk>/audio/", arrangements.master_audio, name="master-audio"),
    path("masters/<uuid:pk>/peaks/", arrangements.master_peaks, name="master-peaks"),
    path("masters/<uuid:pk>/method/", methods.master_method_page, name="master-method"),
    path("projects/<uuid:pk>/material/", methods.materials_page, name="materials"),
    path("runs/<uuid:pk>/material/", methods.material_mark, {"kind": "runs"}, name="run-material"),
    path("takes/<uuid:pk>/material/", methods.material_mark, {"kind": "takes"}, name="take-material"),
    path("uploads/<uuid:pk>/material/", methods.material_mark, {"kind": "uploads"}, name="upload-material"),
    path("jobs/<uuid:pk>/", jobs.job_fragment, name="job"),
    path("jobs/<uuid:pk>/cancel/", jobs.job_cancel, name="job-cancel"),
    path("jobs/<uuid:pk>/retry/", jobs.job_retry, name="job-retry"),
]
