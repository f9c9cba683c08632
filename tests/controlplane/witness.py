"""A client that watches a whole namespace and keeps what it saw: it asks once, and never polls."""

import asyncio
import json
import ssl
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final, Protocol

import httpx

from tests.controlplane.api import Api, Server, WaitTimeoutError
from tests.controlplane.kinds import KINDS, Json

WATCHED: Final = (
    "rollouts",
    "replicasets",
    "pods",
    "services",
    "ingresses",
    "deployments",
    "analysisruns",
    "experiments",
)


class Source(Protocol):
    """Where the objects of one namespace are read."""

    def find(self, plural: str, name: str) -> Json | None:
        """Return one object, `None` if there is none."""

    def all(self, plural: str, app: str = "") -> list[Json]:
        """Return all objects, or those with the label `app`."""


class Direct:
    """The API server as it is at this moment."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._api = api
        self._namespace = namespace

    def find(self, plural: str, name: str) -> Json | None:
        """Return one object, `None` if there is none."""
        return self._api.find(plural, self._namespace, name)

    def all(self, plural: str, app: str = "") -> list[Json]:
        """Return all objects, or those with the label `app`."""
        selectors = {"labelSelector": f"app={app}"} if app else {}
        return self._api.list(plural, self._namespace, **selectors)


class Witness:
    """What a watch of every kind has brought; read by any thread."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._objects: dict[str, dict[str, Json]] = {}
        self._news = threading.Condition()

    def find(self, plural: str, name: str) -> Json | None:
        """Return one object, `None` if there is none."""
        return self._objects[plural].get(name)

    def all(self, plural: str, app: str = "") -> list[Json]:
        """Return all objects, or those with the label `app`."""
        with self._news:
            every = list(self._objects[plural].values())
        return [one for one in every if not app or _label(one, "app") == app]

    def wait(
        self, plural: str, name: str, predicate: Callable[[Json], object], *, timeout: float
    ) -> Json:
        """Return an object as soon as `predicate` is true of it.

        Raises:
            WaitTimeoutError: Not within `timeout` seconds.
        """

        def holds() -> bool:
            found = self.find(plural, name)
            return found is not None and bool(predicate(found))

        with self._news:
            self._news.wait_for(holds, timeout)
            found = self.find(plural, name)
            if found is None or not predicate(found):
                raise WaitTimeoutError(f"{plural}/{name}", timeout, found)
            return found

    def wait_any(self, plural: str, predicate: Callable[[Json], object], *, timeout: float) -> None:
        """Return as soon as `predicate` is true of any object.

        Raises:
            WaitTimeoutError: Not within `timeout` seconds.
        """
        with self._news:
            objects = self._objects[plural]
            if not self._news.wait_for(lambda: any(map(predicate, objects.values())), timeout):
                raise WaitTimeoutError(f"any of {plural}", timeout, None)

    async def follow(self, client: httpx.AsyncClient, plural: str) -> None:
        """Keep one kind up to date."""
        path = KINDS[plural].path(self._namespace)
        while True:
            listed = (await client.get(path)).raise_for_status().json()
            with self._news:
                objects = {one["metadata"]["name"]: one for one in listed["items"]}
                self._objects[plural] = objects
                self._news.notify_all()
            params = {
                "watch": "true",
                "resourceVersion": listed["metadata"]["resourceVersion"],
            }
            async with client.stream("GET", path, params=params) as response:
                async for line in response.aiter_lines():
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        break
                    self._take(objects, event)

    def _take(self, objects: dict[str, Json], event: Json) -> None:
        found = event["object"]
        name = found["metadata"]["name"]
        with self._news:
            if event["type"] == "DELETED":
                objects.pop(name, None)
            else:
                objects[name] = found
            self._news.notify_all()

    @property
    def is_ready(self) -> bool:
        """Whether every kind was listed."""
        return len(self._objects) == len(WATCHED)


@asynccontextmanager
async def witness(server: Server, namespace: str) -> AsyncGenerator[Witness, None]:
    """Watch a namespace for as long as the block lasts."""
    context = ssl.create_default_context(cafile=str(server.ca_file))
    headers = {"Authorization": f"Bearer {server.token('admin')}"}
    found = Witness(namespace)
    async with httpx.AsyncClient(
        base_url=server.url,
        headers=headers,
        verify=context,
        timeout=httpx.Timeout(30, read=None),
        trust_env=False,
    ) as client:
        tasks = [asyncio.create_task(found.follow(client, plural)) for plural in WATCHED]
        try:
            while not found.is_ready:
                done = [task for task in tasks if task.done()]
                for task in done:
                    task.result()
                await asyncio.sleep(0.02)
            yield found
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _label(one: Json, name: str) -> str:
    return str(one["metadata"].get("labels", {}).get(name, ""))
