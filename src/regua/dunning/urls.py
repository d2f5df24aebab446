"""The addresses of the régua, by what people do there."""

from __future__ import annotations

from regua.dunning import message_urls, policy_urls, run_urls, worklist_urls

urlpatterns = [
    *policy_urls.urlpatterns,
    *message_urls.urlpatterns,
    *run_urls.urlpatterns,
    *worklist_urls.urlpatterns,
]
