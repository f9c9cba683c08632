"""The Kubernetes API: the only importer of kubernetes_asyncio, and of httpx beside `prometheus`."""
