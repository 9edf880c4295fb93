"""What no other tool knows about deploy/: our policy for pods, and that settings and metrics named there exist.

    python3 .ci/manifests.py RENDERED.yaml …      the rendered Kubernetes manifests
"""
import json, re, sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
SERVICES = ("INTAKE", "DISPATCH", "CUSTOMER_RECORDS", "REPORTING")


def pods(file):
    for thing in yaml.safe_load_all(Path(file).read_text()):
        template = thing.get("spec", {}).get("template")
        if isinstance(template, dict) and "containers" in template.get("spec", {}):
            yield f"{Path(file).stem}: {thing['kind']} {thing['metadata']['name']}", thing["kind"], template["spec"]


def policy(files):
    """No pod runs as root, writes to its image, has capabilities or is without limits; whoever serves has probes."""
    for where, kind, pod in (pod for file in files for pod in pods(file)):
        if not pod.get("securityContext", {}).get("runAsNonRoot"):
            yield f"{where}: runs as root"
        if pod.get("automountServiceAccountToken") is not False:
            yield f"{where}: has a token for the API of Kubernetes"
        for container in pod["containers"]:
            rights = container.get("securityContext", {})
            if rights.get("allowPrivilegeEscalation") is not False or rights.get("capabilities") != {"drop": ["ALL"]}:
                yield f"{where}: keeps rights"
            if not rights.get("readOnlyRootFilesystem"):
                yield f"{where}: can write to its image"
            if not {"requests", "limits"} <= container.get("resources", {}).keys():
                yield f"{where}: has no requests or limits"
            if kind != "Job" and not {"readinessProbe", "livenessProbe"} <= container.keys():
                yield f"{where}: has no probes"


def settings():
    """Every KEXIANG_… and OTEL_… of compose file, manifests and table is read somewhere in the code."""
    code = "\n".join(file.read_text() for folder in ("services", "shared") for file in (ROOT / folder).glob("**/*.rs"))
    known = set(re.findall(r'env = "((?:KEXIANG|OTEL)_\w+)"', code))
    # Read by the compose file and its scripts alone.
    known |= {f"KEXIANG_{name}" for name in ("IMAGE", "POSTGRES_IMAGE", "PROMETHEUS_IMAGE", "COLLECTOR_IMAGE", "USER", "PORT")}
    for file in sorted((ROOT / "deploy").rglob("*")):
        if file.is_file() and "secrets" not in file.parts:
            text = file.read_text()
            named = "\n".join(text.replace("<SERVICE>", service) for service in SERVICES) if "<SERVICE>" in text else text
            unknown = set(re.findall(r"\b(?:KEXIANG|OTEL)_[A-Z_]*[A-Z]\b", named)) - known
            yield from (f"{file.relative_to(ROOT)}: {name}" for name in sorted(unknown))


def metrics():
    """Every metric of alerts and dashboard is measured."""
    code = (ROOT / "shared/telemetry/src/instruments.rs").read_text()
    known = set(re.findall(r"`([a-z_]+)`", code)) | {"up"}
    for name in ("prometheus/alerts.yml", "grafana/kexiang.json"):
        text = (ROOT / "deploy" / name).read_text()
        used = re.findall(r"\b([a-z]+(?:_[a-z]+)+)[{\[]", text) + re.findall(r"expr: ([a-z_]+) ", text)
        used = {re.sub(r"_(bucket|count|sum)$", "", metric) for metric in used}
        yield from (f"deploy/{name}: {metric}" for metric in sorted(used - known))


def readable():
    """Every YAML and JSON file reads."""
    for file in sorted((ROOT / "deploy").rglob("*")):
        try:
            if file.suffix in (".yaml", ".yml"):
                list(yaml.safe_load_all(file.read_text()))
            elif file.suffix == ".json":
                json.loads(file.read_text())
        except (ValueError, yaml.YAMLError) as error:
            yield f"{file.relative_to(ROOT)}: {error}"


if __name__ == "__main__":
    checks = {readable: readable(), policy: policy(sys.argv[1:]), settings: settings(), metrics: metrics()}
    broken = {check.__doc__: found for check, findings in checks.items() if (found := list(findings))}
    for promise, findings in broken.items():
        print(f"Broken: {promise}", *findings, sep="\n    ")
    print(f"deploy: {len(checks)} checks, {len(broken)} broken")
    sys.exit(bool(broken))
