"""A browser without script: reads the forms of a page, and presses their buttons."""

from html.parser import HTMLParser


class Form(HTMLParser):
    """The fields of the form with an id, as a browser would send them."""

    def __init__(self, html, form_id):
        super().__init__()
        self.form_id = form_id
        self.inside = False
        self.fields = []
        self.labels = {}
        self.buttons = {}
        self._select = None
        self._options = []
        self._button = None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        got = dict(attrs)
        if tag == "form":
            self.inside = got.get("id") == self.form_id
        if not self.inside:
            return
        if tag == "input":
            kind = got.get("type", "text")
            is_box = kind in {"checkbox", "radio"}
            if got.get("name") and (not is_box or "checked" in got):
                self.fields.append(
                    (got["name"], got.get("value", "on" if is_box else ""))
                )
        elif tag == "textarea":
            self.fields.append((got["name"], ""))
        elif tag == "select":
            self._select, self._options = got, []
        elif tag == "option" and self._select is not None:
            self._options.append((got.get("value", ""), "selected" in got))
        elif tag == "button":
            self._button = got
            self.buttons[got.get("value", "")] = got.get("name", "")

    def handle_endtag(self, tag):
        if tag == "form":
            self.inside = False
        if tag == "select" and self._select is not None:
            chosen = [value for value, is_chosen in self._options if is_chosen]
            if not chosen and "multiple" not in self._select and self._options:
                chosen = [self._options[0][0]]
            self.fields += [(self._select["name"], value) for value in chosen]
            self._select = None

    def data(self, button, **changes):
        """What pressing a button sends, after some fields were filled in."""
        assert button in self.buttons, (button, sorted(self.buttons))
        found = {}
        for name, value in self.fields:
            found.setdefault(name, []).append(value)
        for written, value in changes.items():
            name = written.replace("__", "-")
            found[name] = value if isinstance(value, list) else [value]
        found[self.buttons[button]] = [button]
        return found
