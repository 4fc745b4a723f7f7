"""What a child takes away from itself before it runs a line of a submission."""

try:
    import resource
except ImportError:  # Windows
    resource = None


def confine(limits):
    """Set the resource limits, by name, as both soft and hard ones: {"AS": bytes, "CPU": seconds, ...}."""
    if resource is None:
        return
    for name, limit in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is None:
            continue
        _, hard = resource.getrlimit(kind)
        limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (limit, limit))
