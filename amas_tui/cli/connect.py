"""From flags to a cluster. Imported only after the first frame is on the screen."""

import os
from contextlib import AbstractAsyncContextManager

from amas_tui.cli.options import Flags
from amas_tui.config.document import read_document
from amas_tui.config.resolve import Resolved, resolve
from amas_tui.kube.kubeconfig import AccessOptions, load_access
from amas_tui.ports import Cluster
from amas_tui.session.metrics import MetricsOptions
from amas_tui.session.session import Session


def access_options(flags: Flags) -> AccessOptions:
    """Return the flags that name a cluster."""
    return AccessOptions(
        kubeconfig=flags.kubeconfig,
        context=flags.context,
        cluster=flags.cluster,
        user=flags.user,
        namespace=flags.namespaces[0] if flags.namespaces else None,
        server=flags.server,
        token=flags.token,
        certificate_authority=flags.certificate_authority,
        insecure_skip_tls_verify=flags.insecure_skip_tls_verify,
        as_user=flags.as_user,
        as_groups=flags.as_groups,
        as_uid=flags.as_uid,
        request_timeout=flags.request_timeout or None,
        is_bare=flags.is_bare,
    )


def resolved(flags: Flags, context: str, *, on_rollback: str | None = None) -> Resolved:
    """Return the settings in force in a context, with their origins.

    Raises:
        UsageError: The configuration is wrong.
    """
    given = {
        "prometheus_url": flags.prometheus_url,
        "metrics_interval": flags.metrics_interval,
        "namespaces": flags.namespaces,
        "read_only": flags.read_only,
        "on_rollback": on_rollback,
    }
    return resolve(read_document(), context, os.environ, given)


def open_session(flags: Flags) -> AbstractAsyncContextManager[Cluster]:
    """Return a session on the cluster that the flags name. Reads files; needs a running loop later.

    Raises:
        AmasError: There is no way to a cluster.
    """
    access = load_access(access_options(flags))
    settings = resolved(flags, access.context).settings
    return Session(
        access,
        () if flags.all_namespaces else settings.namespaces,
        label_selector=flags.selector,
        metrics=MetricsOptions(
            settings.prometheus_url, settings.metrics_interval, settings.queries
        ),
        settings=settings,
    )
