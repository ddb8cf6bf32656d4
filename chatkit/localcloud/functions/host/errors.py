"""What can be wrong with a function app or a package, each as one sentence.

HostError
    AppInvalid            host.json, local.settings.json, a route, a binding: the app cannot start
    BindingFailed         one invocation's bindings could not be resolved or sent
    AnswerInvalid         what a function returned is no HTTP answer; the caller gets a 500
    HostUnavailable       the app is not running; every URL answers 503 with the sentence
PackageRejected           a zip that must not be deployed
DeploymentRunning         another deployment of the site has not finished
"""

from __future__ import annotations

from chatkit.localcloud.core.errors import LocalCloudError


class HostError(LocalCloudError):
    """The functions host cannot do what was asked."""


class AppInvalid(HostError):
    """The app breaks a rule that the host checks before anything runs."""


class BindingFailed(HostError):
    """A binding of one invocation failed: the function does not run, or does not succeed."""


class AnswerInvalid(HostError):
    """What a function returned is no answer that HTTP can carry; the message says why."""


class HostUnavailable(HostError):
    """The app is not running."""


class PackageRejected(LocalCloudError):
    """A package that must not be deployed; nothing of it was kept."""


class DeploymentRunning(LocalCloudError):
    """Another deployment of the site has not finished."""
