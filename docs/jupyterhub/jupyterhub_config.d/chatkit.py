"""The hub's part: where everybody begins, and with which options their servers start.

The Littlest JupyterHub reads this file from /opt/tljh/config/jupyterhub_config.d. Any other hub
reads it by a line of its own configuration: load_subconfig("…/chatkit.py").
"""

c = get_config()  # type: ignore[name-defined]  # noqa: F821

c.Spawner.default_url = "/lab/tree/chatkit/my-chat/notebooks/00-start-here.ipynb"
c.Spawner.args = [
    "--ServerApp.kernel_spec_manager_class=chatkit.cli.lab_server.KernelsWithCards",
    # On a machine that people share, others could listen to the kernels.
    "--KernelManager.transport_encryption=auto",
]
