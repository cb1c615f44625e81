"""Somebody at a browser: reads, clicks, types, and remembers what went wrong."""

from pathlib import Path

from selenium.common.exceptions import (
    NoSuchElementException,
    StaleElementReferenceException,
)
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

# The console keeps it across pages; the event itself would be lost with its page.
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => console.error(
  "policy violation: " + event.violatedDirective + " " + event.blockedURI
  + " " + event.sourceFile + ":" + event.lineNumber));
"""
PATIENCE_SECONDS = 20


class Person:
    def __init__(self, driver: Chrome, address: str) -> None:
        self.driver = driver
        self.address = address
        # What was found may belong to the page before: look again.
        self.wait = WebDriverWait(
            driver,
            PATIENCE_SECONDS,
            ignored_exceptions=[
                NoSuchElementException,
                StaleElementReferenceException,
            ],
        )
        self.do("Page.enable")
        self.do("Page.addScriptToEvaluateOnNewDocument", source=REPORT_VIOLATIONS)
        driver.get_log("browser")

    def do(self, command: str, **parameters: object) -> dict:
        return self.driver.execute_cdp_cmd(command, parameters)

    # ---- Where ----

    def go(self, path: str) -> None:
        self.driver.get(self.address + path)

    @property
    def path(self) -> str:
        return self.driver.current_url.removeprefix(self.address)

    @property
    def text(self) -> str:
        return self.driver.find_element(By.TAG_NAME, "body").text

    def sees(self, text: str) -> None:
        """Wait for a text anywhere on the page."""
        self.wait.until(lambda _: text in self.text, f"“{text}” on {self.path}")

    def reloads_until(self, text: str) -> None:
        """Load the page again until it shows a text, as a person would."""

        def shown(_driver) -> bool:
            self.driver.refresh()
            return text in self.text

        WebDriverWait(self.driver, 60, poll_frequency=1).until(
            shown, f"“{text}” on {self.path}"
        )

    # ---- What one can do ----

    def find(self, selector: str) -> WebElement:
        return self.wait.until(
            lambda driver: driver.find_element(By.CSS_SELECTOR, selector),
            f"{selector} on {self.path}",
        )

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def field(self, label: str) -> WebElement:
        """Find a form field by its label, as a screen reader names it."""
        found = self.driver.find_element(
            By.XPATH, f"//label[starts-with(normalize-space(), '{label}')]"
        )
        return self.driver.find_element(By.ID, found.get_attribute("for"))

    def fill(self, label: str, text: str) -> None:
        field = self.field(label)
        field.clear()
        field.send_keys(text)

    def follow(self, text: str, *, within: str = "body") -> None:
        """Click a link by its text and wait for the next page."""
        for link in self.find(within).find_elements(By.TAG_NAME, "a"):
            if link.is_displayed() and link.text.strip() == text:
                self.click(link)
                return
        message = f"no link “{text}” in {within} on {self.path}"
        raise AssertionError(message)

    def press(self, text: str, *, within: str = "body") -> None:
        """Press a button by its text or value and wait for the next page."""
        path = "button, input[type=submit]"
        for button in self.find(within).find_elements(By.CSS_SELECTOR, path):
            words = button.text or button.get_attribute("value") or ""
            if button.is_displayed() and words.strip().startswith(text):
                self.click(button)
                return
        message = f"no button “{text}” in {within} on {self.path}"
        raise AssertionError(message)

    def click(self, element: WebElement) -> None:
        """Click, and wait until the page that had the element is gone."""
        page = self.driver.find_element(By.TAG_NAME, "html")
        element.click()
        self.wait.until(lambda _: self.driver.find_element(By.TAG_NAME, "html") != page)
        self.wait.until(
            lambda driver: (
                driver.execute_script("return document.readyState") == "complete"
            )
        )

    def keys(self, *keys: str) -> None:
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def tab(self) -> WebElement:
        self.keys(Keys.TAB)
        return self.driver.switch_to.active_element

    def log_in(self, email: str, password: str) -> None:
        self.go("/")
        self.fill("E-mail", email)
        self.fill("Password", password)
        self.press("Log in")

    # ---- How it looks ----

    def looks(self, *, width: int, height: int = 900, dark: bool = False) -> None:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.do("Emulation.setEmulatedMedia", features=[scheme])
        self.do(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def overflow(self) -> list[str]:
        """Name what sticks out of the window, or is cut off; empty when nothing is.

        What lies in a box of its own that scrolls is reachable and therefore fine.
        """
        return self.driver.execute_script(
            """
            const root = document.scrollingElement, seen = root.clientWidth;
            const scrolls = (one) => {
              for (let box = one.parentElement; box && box !== document.body;
                   box = box.parentElement)
                if (/auto|scroll/.test(getComputedStyle(box).overflowX)) return true;
              return false;
            };
            const found = root.scrollWidth > seen
              ? [`page ${root.scrollWidth} > ${seen}`] : [];
            const what = found.length ? "*" : "a, button, input, select, textarea, h1";
            return found.concat([...document.body.querySelectorAll(what)].filter(
              (one) => one.checkVisibility() && !scrolls(one)
                && one.getBoundingClientRect().right > seen + 1,
            ).slice(0, 8).map((one) => one.outerHTML.slice(0, 120)));
            """
        )

    def picture(self, path: Path) -> None:
        """Save a picture of the whole page."""
        height = self.driver.execute_script(
            "return document.documentElement.scrollHeight"
        )
        width = self.driver.execute_script("return window.innerWidth")
        self.do(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=min(height, 6000),
            deviceScaleFactor=1,
            mobile=False,
        )
        self.driver.save_screenshot(str(path))

    def complaints(self) -> list[str]:
        """Return what the console has said since the last time, and forget it."""
        return [
            f"{entry['level']} {entry['message']}"
            for entry in self.driver.get_log("browser")
            if entry["level"] in {"SEVERE", "WARNING"}
        ]
