"""What the starters of identity providers share: a free port, and a browser that fills in forms.

A starter prints the provider's address (its issuer, as it calls itself) in its first line. For each line it is sent then, an object in JSON
with `callback` and `address`, it registers the callback with the provider, signs somebody in at the address as a browser would, and prints
where the browser is sent in the end: to the callback, or to nowhere, which begins with `nowhere: `. It ends with its standard input.
"""

import html
import json
import re
import socket
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable

import requests


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_for(address: str, process: subprocess.Popen[bytes], seconds: float = 30) -> None:
    """Until something answers there, or the process has ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            requests.get(address, timeout=1)
            return
        except requests.RequestException:
            time.sleep(0.05)
    sys.exit(f"it does not answer at {address}")


def form(page: str, has: str) -> tuple[str, dict[str, str]] | None:
    """Where the first form with such a field goes, and what stands in its fields."""
    for attributes, inside in re.findall(r"<form([^>]*)>(.*?)</form>", page, re.DOTALL):
        if f'name="{has}"' in inside:
            action = re.search(r'action="([^"]*)"', attributes)
            fields = {}
            for field in re.findall(r"<input[^>]*>", inside):
                name, value = re.search(r'name="([^"]*)"', field), re.search(r'value="([^"]*)"', field)
                if name:
                    fields[name[1]] = html.unescape(value[1]) if value else ""
            return html.unescape(action[1]) if action else "", fields
    return None


def walk(address: str, callback: str, fill: Callable[[str], tuple[str, dict[str, str]] | None]) -> str:
    """Goes to an address, follows where it leads, and sends the forms that `fill` fills in, until the callback or a page without one."""
    browser = requests.Session()
    answer = browser.get(address, allow_redirects=False, timeout=10)
    for _ in range(20):
        if answer.is_redirect:
            address = urllib.parse.urljoin(address, answer.headers["location"])
            if address.startswith(callback):
                return address
            answer = browser.get(address, allow_redirects=False, timeout=10)
            continue
        filled = fill(answer.text)
        if filled is None:
            break
        action, fields = filled
        address = urllib.parse.urljoin(address, action)
        answer = browser.post(address, data=fields, headers={"Referer": address}, allow_redirects=False, timeout=10)
    return f"nowhere: {answer.status_code} at {address}: {' '.join(re.sub(r'<[^>]*>', ' ', answer.text).split())[:300]}"


def serve(issuer: str, sign_in: Callable[[str, str], str]) -> None:
    """Says that it is ready, and signs in until nobody asks any more."""
    print(issuer, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            place = sign_in(asked["address"], asked["callback"])
        except Exception as error:  # whatever it is, whoever asked is told
            place = f"nowhere: {error!r}"
        print(place.replace("\n", " "), flush=True)
