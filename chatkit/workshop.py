"""Workshop: the one object a notebook holds. Each verb is one step of the tutorial, may be repeated, and returns a Result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatkit import settings as store
from chatkit.cloud import subscription
from chatkit.development import FUNCTIONS, PAGE
from chatkit.display import Result
from chatkit.errors import SetupError
from chatkit.provision.receipt import Item
from chatkit.publish import local_settings, page_config
from chatkit.reports import Receipt
from chatkit.session import Session, Step
from chatkit.settings import Known

if TYPE_CHECKING:
    from chatkit.chat.panel import ChatPanel
    from chatkit.chat.sign_in import SignedIn

PAGE_PORT = 5500
NEGOTIATE, ME = "/api/negotiate", "/.auth/me"


class Workshop(Session):
    """The tutorial's steps, on one target. `Workshop.open()` starts."""

    # Section 01: sign in

    def sign_in(self) -> Result:
        """Get a token and look at the subscription."""
        with self._step("Signing in") as step:
            found = step.calls.call(subscription, step.cloud)
            where = "the local cloud" if step.cloud.target == "local" else "Azure"
            return step.result(
                f"Signed in to {where}. The subscription is {found['state'].lower()}.",
                ("subscription", str(found.get("displayName", ""))),
                ("credential", type(step.cloud.credential).__name__),
            )

    # Section 02: a SignalR Service instance

    def create_resource_group(self) -> Result:
        """Create the group that holds everything, and register the resource providers."""
        from chatkit.provision import resource_group

        with self._step("Creating the resource group") as step:
            settings = self.settings
            resource_group.register_providers(step.cloud, step.calls)
            group = resource_group.create_resource_group(step.cloud, step.calls, settings.resource_group, settings.region)
            self._learn(resource_group=settings.resource_group)
            return step.result(
                f"Resource group ready in {group.location}; {len(resource_group.PROVIDERS)} resource providers registered.",
                ("resource group", settings.resource_group),
            )

    def create_signalr(self) -> Result:
        """Create the SignalR Service instance: free tier, serverless."""
        from chatkit.provision import signalr

        with self._step("Creating the SignalR Service instance") as step:
            settings = self.settings
            made = signalr.create_signalr(step.cloud, step.calls, settings.resource_group, settings.signalr, settings.region)
            self._learn(signalr=settings.signalr)
            sku = made.sku.name if made.sku else "?"
            return step.result(
                f"SignalR Service instance ready: {sku}, {signalr.service_mode(made)}.", ("instance", settings.signalr)
            )

    # Section 03 and 06: the local run

    def write_local_settings(self) -> Result:
        """Write local.settings.json: what the functions need on this machine, the connection string among it."""
        from chatkit.provision import signalr

        with self._step("Writing local settings") as step:
            settings = self.settings
            text = signalr.connection_string(step.cloud, step.calls, settings.resource_group, settings.signalr)
            storage = local_settings.storage_for(self.dev_storage)
            origin = self.local_web_url or local_settings.PAGE_ORIGIN
            local_settings.write(self.functions_folder, signalr=text, storage=storage, origin=origin)
            names = ", ".join(sorted(local_settings.values(self.functions_folder)))
            return step.result(f"my-chat/functions/{local_settings.FILE}: {names}.")

    def start_functions(self) -> Result:
        """Run the functions on this machine (what F5 does in an editor)."""
        with self._step("Starting the function host") as step:
            started = self.development.start_functions(self.functions_folder, port=local_settings.PORT)
            rows = [("address", started.server.url), *_taken(local_settings.PORT, started.instead_of)]
            return step.result("The functions run on this machine.", *rows)

    def stop_functions(self) -> Result:
        """Stop the local function host."""
        with self._step("Stopping the function host") as step:
            self.development.stop(FUNCTIONS)
            return step.result("The functions no longer run on this machine.")

    def prepare_page(self) -> Result:
        """Copy the kit's page and write its config.json so that it calls the functions on this machine."""
        from chatkit.lesson.files import copy_page

        with self._step("Copying the page") as step:
            kept = copy_page(store.checkout() / "content", folder=self.folder, home=self._home)
            page_config.write(self.page_folder, self.local_api_base_url or f"http://localhost:{local_settings.PORT}")
            rows = [("your version is kept as", name) for name in kept]
            return step.result("The page is in my-chat/content; it calls the functions on this machine.", *rows)

    def start_page(self) -> Result:
        """Serve the page on this machine."""
        with self._step("Serving the page") as step:
            started = self.development.start_page(self.page_folder, port=PAGE_PORT)
            changed, running = (
                local_settings.allow_origin(self.functions_folder, started.server.url),
                self.development.running(FUNCTIONS),
            )
            if changed and running and self.development.stop(FUNCTIONS):
                self.development.start_functions(self.functions_folder, port=running.port)  # where the page looks for them
            rows = [("address", started.server.url), *_taken(PAGE_PORT, started.instead_of)]
            return step.result("The page is served on this machine.", *rows)

    def stop_page(self) -> Result:
        """Stop serving the page on this machine."""
        with self._step("Stopping the page") as step:
            self.development.stop(PAGE)
            return step.result("The page is no longer served on this machine.")

    # Section 07: deploy the functions

    def create_storage_account(self) -> Result:
        """Create the storage account."""
        from chatkit.provision import storage

        with self._step("Creating the storage account") as step:
            settings = self.settings
            made = storage.create_storage_account(
                step.cloud, step.calls, settings.resource_group, settings.storage_account, settings.region
            )
            self._learn(storage_account=settings.storage_account)
            tier = made.properties.access_tier if made.properties else "?"
            sku = made.sku.name if made.sku else "?"
            return step.result(
                f"Storage account ready: {_text(made.kind)}, {_text(sku)}, {_text(tier)}, https only.",
                ("account", settings.storage_account),
            )

    def create_function_app(self) -> Result:
        """Create the plan and the function app, with the storage it needs."""
        from chatkit.provision import everything

        with self._step("Creating the function app") as step:
            settings = self.settings
            facts = everything.create_function_app(step.cloud, step.calls, settings)
            self._learn(**facts)
            return step.result(
                f"Function app ready: Python {everything.PYTHON_VERSION} on a Flex Consumption plan.",
                ("function app", settings.function_app),
                ("address", facts["api_base_url"]),
            )

    def provision(self) -> Result:
        """Create everything there is to create, what is independent at the same time."""
        from chatkit.provision import everything

        with self._step("Creating everything") as step:
            settings = self.settings
            facts = everything.provision(step.cloud, step.calls, settings)
            self._learn(**facts)
            return step.result(
                "Everything is ready: resource group, SignalR Service instance, storage account with website, function app.",
                ("functions", facts["api_base_url"]),
                ("page", facts["web_url"]),
            )

    def publish_functions(self, *, again: bool = False) -> Result:
        """Package my-chat/functions, send it, and wait until the functions answer.

        Args:
            again: Send it even when this very package is what the site runs.
        """
        from chatkit.publish import functions, package
        from chatkit.publish import settings as app_settings

        with self._step("Publishing the functions") as step:
            settings, cloud, calls = self.settings, step.cloud, step.calls
            group, name = settings.resource_group, settings.function_app
            files = package.build_package(self.functions_folder)
            known = "" if again else settings.facts.published
            names, published = functions.publish(cloud, calls, functions.Target(group, name), files, known=known)
            self._learn(published=published)
            deployed = app_settings.read_app_settings(cloud, calls, group, name)
            local = {local_settings.SIGNALR_SETTING: "", **local_settings.values(self.functions_folder)}
            after = app_settings.forgotten(app_settings.compare(local, deployed))
            if not after and "negotiate" in names:
                functions.wait_until_answers(cloud, calls, self._deployed_api(), NEGOTIATE)
            return step.result(f"Published. {len(names)} functions: {', '.join(names)}.{after}", functions=names)

    def upload_settings(self) -> Result:
        """Upload the local settings that the deployed app needs, and keep every setting it has."""
        from chatkit.publish import functions
        from chatkit.publish import settings as app_settings

        with self._step("Uploading settings") as step:
            settings, cloud, calls = self.settings, step.cloud, step.calls
            group, name = settings.resource_group, settings.function_app
            local = local_settings.values(self.functions_folder)
            wanted = app_settings.uploadable(local)
            if local_settings.SIGNALR_SETTING not in wanted:
                raise SetupError(
                    f"{local_settings.FILE} has no {local_settings.SIGNALR_SETTING}.",
                    hint="workshop.write_local_settings() writes it.",
                )
            written = app_settings.merge_app_settings(cloud, calls, group, name, wanted)
            if written and "negotiate" in functions.listed(cloud, calls, group, name):
                functions.wait_until_answers(cloud, calls, self._deployed_api(), NEGOTIATE)
            deployed = app_settings.read_app_settings(cloud, calls, group, name)
            rows = [(difference.name, difference.state) for difference in app_settings.compare(local, deployed)]
            stayed = sorted(set(local) - set(wanted))
            return step.result(f"Uploaded: {', '.join(sorted(wanted))}. Stayed local: {', '.join(stayed)}.", *rows)

    def allow_page(self) -> Result:
        """Let the deployed page, and no other, call the deployed functions from a browser (CORS)."""
        from chatkit.publish import settings as app_settings

        with self._step("Allowing the page") as step:
            settings = self.settings
            origin = app_settings.origin_of(self.web_url or self._website_address(step))
            app_settings.set_cors(step.cloud, step.calls, settings.resource_group, settings.function_app, origin)
            return step.result("The functions answer the deployed page and no other, credentials included.", ("origin", origin))

    # Section 08: deploy the page

    def enable_static_website(self) -> Result:
        """Switch the storage account's static website on."""
        from chatkit.provision import storage

        with self._step("Enabling the static website") as step:
            url = self._website(step)
            return step.result(
                f"Static website on: index {storage.INDEX_DOCUMENT}, not found {storage.ERROR_DOCUMENT}.", ("address", url)
            )

    def set_page_url(self) -> Result:
        """Write the page's config.json so that it calls the deployed functions, and offers sign-in when they have it."""
        from chatkit.provision import authentication

        with self._step("Writing the page's config") as step:
            settings, api = self.settings, self._deployed_api()
            provider = authentication.provider_of(step.cloud, step.calls, settings.resource_group, settings.function_app)
            page_config.write(self.page_folder, api, sign_in=provider)
            more = f" and lets people sign in ({provider})" if provider else ""
            return step.result(f"my-chat/content/config.json: the page calls the deployed functions{more}.")

    def upload_page(self) -> Result:
        """Upload my-chat/content and wait until the website answers with it."""
        from chatkit.publish import website

        with self._step("Uploading the page") as step:
            calls_url = page_config.read(self.page_folder)
            if calls_url != self._deployed_api():
                raise SetupError(f"The page still calls {calls_url or 'nothing'}.", hint="workshop.set_page_url() first.")
            files = website.page_files(self.page_folder)
            settings = self.settings
            url = self._website(step)
            sent = website.upload(step.cloud, step.calls, settings.resource_group, settings.storage_account, files)
            website.wait_until_served(step.cloud, step.calls, url, files)
            return step.result(
                f"The website serves {len(files)} files.", ("address", url), ("sent", ", ".join(sent) or "nothing had changed")
            )

    # Section 09: authentication

    def enable_authentication(self, *, client_id: str = "", client_secret: str = "") -> Result:
        """Turn App Service Authentication on: register the app, keep its secret as an app setting, let the page sign in.

        Args:
            client_id: Of an app registration that somebody made for you, when you may not make one yourself.
            client_secret: Its secret.
        """
        from chatkit.provision import authentication
        from chatkit.publish import functions

        with self._step("Turning authentication on") as step:
            settings = self.settings
            given = authentication.Registration(client_id, client_secret) if client_id else None
            site = authentication.Site(
                settings.resource_group,
                settings.function_app,
                self._deployed_api(),
                self.web_url or self._website_address(step),
            )
            used = authentication.enable_authentication(step.cloud, step.calls, site, given=given)
            functions.wait_until_answers(step.cloud, step.calls, site.api_base_url, ME)
            self._learn(authentication="on", client_id="" if given else used)
            return step.result(
                "Authentication is on: people sign in with Microsoft Entra ID; who is not signed in stays anonymous.",
                ("app registration", settings.function_app),
                ("sign-in", f"{site.api_base_url}/.auth/login/aad"),
            )

    def sign_in_as(self, user: str) -> SignedIn:
        """Sign a test user in to the deployed app, as the page does it; `headers` of the result go with that user's requests.

        Raises:
            SetupError: Authentication is off, or the sign-in page asks for more than a name, as the one on Azure does.
        """
        from chatkit.chat.portal import portal
        from chatkit.chat.sign_in import sign_in

        return portal().call(sign_in(self._deployed_api(), user))

    # Section 11: clean up

    def clean_up(self) -> Receipt:
        """Delete everything, and prove it: stop local servers, delete the resource group, forget the keys.

        Returns:
            The receipt; `complete` says whether every line is proven.
        """
        from chatkit.provision import authentication, clean_up

        with self._step("Cleaning up") as step:
            settings = self.settings
            self.development.stop(FUNCTIONS)
            self.development.stop(PAGE)
            names = clean_up.Names(
                settings.resource_group, settings.signalr, settings.storage_account, settings.plan, settings.function_app
            )
            items = clean_up.delete_everything(step.cloud, step.calls, names)
            if settings.facts.client_id:
                items.append(authentication.delete_registration(step.cloud, step.calls, settings.facts.client_id))
            local_settings.forget_keys(self.functions_folder)
            kept = [name for name, value in local_settings.values(self.functions_folder).items() if "Key=" in value]
            items.append(Item("keys in local.settings.json", "none in the file", not kept))
            if all(item.gone for item in items):
                self._learn(**{name: "" for name in vars(Known()) if name != "completed"})
            return Receipt.of(items, step.result(""))

    # Lessons

    def check(self, section: str) -> Result:
        """Check the real behaviour of what a section built, and remember that it passed.

        Raises:
            CheckFailed: Something is not as it should be; the hint says what to do.
        """
        from chatkit.lesson import checks

        result = checks.check(self, section)
        self.complete(section)
        return result

    def chat_panel(self, *users: str, where: str = "deployed") -> ChatPanel:
        """Show a chat for several users side by side.

        Args:
            users: Names, for example "alice" and "bob".
            where: "local" for the functions on this machine, "deployed" for the function app.
        """
        from chatkit.chat.panel import ChatPanel
        from chatkit.chat.sign_in import SignedIn

        asks = where == "deployed" and self.settings.facts.authentication == "on"
        names = users or ("alice", "bob")
        people = {name: self.sign_in_as(name) if asks else SignedIn(name) for name in names}
        return ChatPanel.open(self._api(where), names, people=people)

    # Inside

    def _website_address(self, step: Step) -> str:
        """The website's address, which every account has before its website is on."""
        from chatkit.provision import storage

        settings = self.settings
        accounts = step.cloud.storage().storage_accounts
        url = storage.web_url(step.calls.call(accounts.get_properties, settings.resource_group, settings.storage_account))
        self._learn(web_url=url)
        return url

    def _website(self, step: Step) -> str:
        from chatkit.provision import storage

        settings = self.settings
        url = storage.enable_static_website(step.cloud, step.calls, settings.resource_group, settings.storage_account)
        self._learn(web_url=url)
        return url


def _text(value: object) -> str:
    """The plain value of an SDK enum."""
    return str(getattr(value, "value", value))


def _taken(port: int, holder: str) -> list[tuple[str, str]]:
    return [("instead of", f"port {port}, which {holder} holds")] if holder else []
