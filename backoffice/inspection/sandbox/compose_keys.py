"""Which Compose keys the sandbox knows (issue: a whitelist of our own; the author's file never meets a Compose tool).

Three lists for a service: what is applied, what is passed over without a word because it changes nothing a moderator could see, and what
is refused with a rule. Any other key is the finding ``compose.key``.
"""

from __future__ import annotations

APPLIED = {
    "image", "build", "command", "entrypoint", "environment", "env_file", "expose", "ports", "working_dir", "user", "volumes", "tmpfs",
    "depends_on", "profiles",
}  # fmt: skip

PASSED_OVER = {
    "container_name", "hostname", "restart", "healthcheck", "init", "stdin_open", "tty", "labels", "annotations", "networks", "platform",
    "pull_policy", "read_only", "mem_limit", "memswap_limit", "mem_reservation", "cpus", "cpu_count", "cpu_shares", "pids_limit", "deploy",
    "shm_size", "stop_signal", "stop_grace_period", "logging", "ulimits", "gpus", "cap_drop", "develop", "domainname", "scale", "attach",
}  # fmt: skip

REFUSED = {
    "privileged": "compose.privileged",
    "cap_add": "compose.capability",
    "security_opt": "compose.capability",
    "sysctls": "compose.capability",
    "devices": "compose.device",
    "device_cgroup_rules": "compose.device",
    "network_mode": "compose.namespace",
    "pid": "compose.namespace",
    "ipc": "compose.namespace",
    "uts": "compose.namespace",
    "userns_mode": "compose.namespace",
    "cgroup": "compose.namespace",
    "cgroup_parent": "compose.namespace",
    "volumes_from": "compose.mount",
    "secrets": "compose.secret",
    "credential_spec": "compose.secret",
    "use_api_socket": "compose.socket",
    "extends": "compose.elsewhere",
    "provider": "compose.command",
    "models": "compose.command",
}

HARMLESS = {  # values of refused keys that take nothing away from the isolation
    "privileged": {"false"},
    "network_mode": {"none", "bridge", "default", ""},
    "ipc": {"private", "none", ""},
    "pid": {""},
    "uts": {""},
    "cgroup": {"private"},
    "security_opt": {"no-new-privileges", "no-new-privileges:true", "no-new-privileges=true"},
}

TOP_PASSED_OVER = {"version", "name", "networks"}
TOP_REFUSED = {"include": "compose.elsewhere", "secrets": "compose.secret", "models": "compose.command"}

BUILD_APPLIED = {"context", "dockerfile", "dockerfile_inline", "args", "target"}
BUILD_PASSED_OVER = {
    "labels",
    "shm_size",
    "tags",
    "platforms",
    "pull",
    "no_cache",
    "cache_from",
    "cache_to",
    "isolation",
    "ulimits",
    "network",
}
BUILD_REFUSED = {
    "ssh": "docker.secret",
    "secrets": "docker.secret",
    "privileged": "compose.privileged",
    "entitlements": "compose.privileged",
    "additional_contexts": "compose.elsewhere",
    "extra_hosts": "compose.namespace",
}
