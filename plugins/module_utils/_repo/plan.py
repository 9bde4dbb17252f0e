# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""From what is and what is wanted to what to write. Pure: documents in, texts out."""

from collections import OrderedDict

from ansible_collections.elkit.almalinux.plugins.module_utils._repo import catalogue, ini, options, redact

DNF_CONF = "/etc/dnf/dnf.conf"
VARIABLES = "/etc/dnf/vars"
# Shown of every repository; further options only where they change.
SHOWN = ("enabled", "mirrorlist", "metalink", "baseurl", "gpgcheck")


class Plan(object):
    """What to write: texts ({path: text, or None to remove the file}) of the files that change, before ({path: text or None}) of
    the same, rows (a result per repository), documents ({file: Document} as they will be), keys (list of Key), warnings."""


class Key(object):
    """A key file that an enabled repository needs: repository (id), url (file://… or http…), pinned (set of good
    fingerprints), expected (set of those of which one at least must be in it), text (armored text to be written to the file, or None), fetch
    (URL to get the file from where it is missing, or None), ours (bool: AlmaLinux's or EPEL's)."""

    def __init__(self, repository, url, pinned, expected=(), text=None, fetch=None, ours=True):
        self.repository = repository
        self.url = url
        self.pinned = pinned
        self.expected = set(expected)
        self.ours = ours
        self.text = text
        self.fetch = fetch

    @property
    def path(self):
        return self.url[len("file://"):] if self.url.startswith("file://") else None


def make(desired, host, texts, main, variables):
    """The Plan.

    :param desired: desired.Desired
    :param host: catalogue.Host
    :param texts: {file name in /etc/yum.repos.d: text}
    :param main: text of dnf.conf, or None
    :param variables: {name: text of the file in /etc/dnf/vars}
    """
    plan = Plan()
    plan.warnings = []
    before = OrderedDict((name, ini.parse(texts[name])) for name in sorted(texts))
    after = OrderedDict((name, document.copy()) for name, document in before.items())
    _known(desired, host, after, plan.warnings)
    _extra(desired, after)
    _undeclared(desired, host, after, plan.warnings)
    plan.documents = after
    plan.texts, plan.before = {}, {}
    for name, document in after.items():
        text = document.render()
        path = catalogue.REPOSITORY_DIRECTORY + "/" + name
        # A file of ours whose last section went has nothing left to say.
        empty = not document.sections() and not text.strip()
        if text != texts.get(name):
            plan.texts[path] = None if empty else text
            plan.before[path] = texts.get(name)
    _main(desired.main, main, plan)
    _variables(desired.variables, variables, plan)
    named = set(item.id for item in desired.extra)
    known = catalogue.known(host)
    named.update(known[name].id for name in set(desired.enabled | desired.disabled | set(desired.options)))
    plan.rows = rows(before, after, catalogue.real_ids(host), named)
    plan.keys = _keys(desired, host, after)
    return plan


def _places(documents, identifier):
    """The documents that have a section *identifier*. dnf reads all files; whichever it takes must be right."""
    return [document for document in documents.values() if document.has(identifier)]


def _set(document, section, key, value):
    """Give *key* the *value*, or drop it (None); touches nothing if that holds already."""
    if value is None:
        document.remove(section, key)
    elif document.get(section, key) != value:
        document.set(section, key, value)


def _set_url(document, section, key, value):
    """Make *key* = *value* the section's only source, in the place of the one it has."""
    present = [name for name in options.URLS if document.get(section, name) is not None]
    if key in present:
        _set(document, section, key, value)
    elif present:
        document.replace(section, present[0], key, value)
        present = present[1:]
    else:
        document.set(section, key, value)
    for name in present:
        if name != key:
            document.remove(section, name)


def _enable(document, section, wanted):
    # Without the option dnf takes a repository for enabled.
    if options.is_true(document.get(section, "enabled"), True) != wanted:
        document.set(section, "enabled", "1" if wanted else "0")


def _document(documents, name):
    if name not in documents:
        documents[name] = ini.parse("")
    return documents[name]


def _source(desired, repository, host, document=None):
    """(option, URL) that *repository* is to have, or None to leave the one that it has in *document*."""
    if repository.kind == "epel":
        if repository.canonical not in desired.enabled:
            return None
        metalink = document.get(repository.id, "metalink") if document is not None else None
        # A metalink of another release's form (EPEL 10 has minors) finds the wrong packages, or none.
        wrong = metalink is not None and metalink.startswith(catalogue.EPEL_METALINK) and not (
            catalogue.is_epel_metalink(metalink, repository, host))
        if desired.epel_mirror is not None or wrong:
            return catalogue.epel_url(repository, host, desired.epel_mirror)
        return None
    if desired.source is None and desired.minor is None:
        return None
    if repository.suffix and repository.canonical not in desired.enabled:
        return None
    return catalogue.url(repository, host, desired.source or "baseurl", desired.mirror, desired.minor, _vault(desired))


def _vault(desired):
    # With a mirror of one's own and no vault, the older minors are looked for beside the current ones.
    return desired.vault or desired.mirror


def _default_source(repository, host):
    if repository.kind == "epel":
        return catalogue.epel_url(repository, host)
    return catalogue.url(repository, host, "mirrorlist")


def _known(desired, host, documents, warnings):
    """AlmaLinux's and EPEL's repositories."""
    for name, repository in sorted(catalogue.known(host).items()):
        places = _places(documents, repository.id)
        if not places and name in desired.enabled:
            key, url = _source(desired, repository, host) or _default_source(repository, host)
            document = _document(documents, repository.file)
            document.add_section(repository.id, [("name", repository.name), (key, url), ("enabled", "1"), ("gpgcheck", "1")]
                                 + list(repository.extra) + [("gpgkey", repository.gpgkey)])
            places = [document]
        if not places and any(value is not None for value in desired.options.get(name, {}).values()):
            warnings.append("{0} is not on this host, so its options are not written: enable it, or take them out".format(name))
        for document in places:
            source = _source(desired, repository, host, document)
            if source is not None:
                _set_url(document, repository.id, *source)
            if name in desired.enabled or name in desired.disabled:
                _enable(document, repository.id, name in desired.enabled)
            wanted = desired.options.get(name, {})
            if name in desired.enabled and "gpgcheck" not in wanted and not options.is_true(document.get(repository.id, "gpgcheck"), True):
                document.set(repository.id, "gpgcheck", "1")
            for key in sorted(wanted):
                if key in options.URLS and wanted[key] is not None:
                    _set_url(document, repository.id, key, wanted[key])
                else:
                    _set(document, repository.id, key, wanted[key])


def key_path(extra):
    """Where the key that was given as text is kept."""
    return "{0}/RPM-GPG-KEY-{1}".format(catalogue.KEY_DIRECTORY, extra.id)


def _extra(desired, documents):
    for extra in desired.extra:
        places = _places(documents, extra.id)
        if extra.absent:
            for document in places:
                document.remove_section(extra.id)
            continue
        if not places:
            document = _document(documents, extra.id + ".repo")
            document.add_section(extra.id, [("name", extra.name), extra.url, ("enabled", "1" if extra.enabled else "0"),
                                            ("gpgcheck", "1" if extra.gpgcheck else "0")])
            places = [document]
        gpgkey = ["file://" + key_path(extra)] if extra.key else extra.gpgkey
        for document in places:
            _set(document, extra.id, "name", extra.name)
            _set_url(document, extra.id, *extra.url)
            _enable(document, extra.id, extra.enabled)
            if options.is_true(document.get(extra.id, "gpgcheck")) != extra.gpgcheck:
                document.set(extra.id, "gpgcheck", "1" if extra.gpgcheck else "0")
            if gpgkey:
                _set(document, extra.id, "gpgkey", " ".join(gpgkey))
            for key in sorted(extra.options):
                _set(document, extra.id, key, extra.options[key])


def _undeclared(desired, host, documents, warnings):
    """Repositories that nobody named. AlmaLinux's own that are enabled as shipped count as named."""
    known = catalogue.real_ids(host)
    declared = set(item.id for item in desired.extra)
    for document in documents.values():
        for section in document.sections():
            repository = known.get(section)
            enabled = options.is_true(document.get(section, "enabled"), True)
            if section in catalogue.NEVER_ON_ALMALINUX:
                if enabled:
                    _enable(document, section, False)
                    warnings.append("{0} is made for CentOS Stream and was enabled on AlmaLinux: it is disabled".format(section))
                continue
            if desired.undeclared == "keep" or section in declared or section == "main":
                continue
            if repository is not None:
                if not repository.enabled and repository.canonical not in desired.enabled and enabled:
                    _enable(document, section, False)
            elif desired.undeclared == "remove":
                document.remove_section(section)
            elif enabled:
                _enable(document, section, False)


def _main(wanted, text, plan):
    if not wanted:
        return
    document = ini.parse(text if text is not None else "")
    if not document.has("main"):
        document.add_section("main", [])
    for key in sorted(wanted):
        _set(document, "main", key, wanted[key])
    if document.render() != text:
        plan.texts[DNF_CONF] = document.render()
        plan.before[DNF_CONF] = text


def _variables(wanted, present, plan):
    for name in sorted(wanted):
        path = VARIABLES + "/" + name
        now = present.get(name)
        text = None if wanted[name] is None else wanted[name] + "\n"
        if (now is None) != (text is None) or (now is not None and now.strip() != wanted[name]):
            plan.texts[path] = text
            plan.before[path] = now


def state_of(documents, identifier):
    """(file, {option: text}) of a repository, or (None, None); the last file that has it is the one that dnf takes."""
    found = (None, None)
    for name, document in documents.items():
        if document.has(identifier):
            found = (name, document.options(identifier))
    return found


def rows(before, after, known, named):
    """A result for each repository that was named or that changes.

    :param before: {file: Document}, after likewise
    :param known: {real id: catalogue.Repository}
    :param named: set of real ids that are listed even if nothing changes
    """
    identifiers = OrderedDict()
    for documents in (before, after):
        for document in documents.values():
            identifiers.update((section, None) for section in document.sections())
    found = []
    for identifier in identifiers:
        old_file, old = state_of(before, identifier)
        new_file, new = state_of(after, identifier)
        if old == new and identifier not in named:
            continue
        differing = sorted(key for key in set(old or {}) | set(new or {}) if (old or {}).get(key) != (new or {}).get(key))
        found.append({
            "id": identifier, "canonical": known[identifier].canonical if identifier in known else None,
            "file": new_file or old_file, "changed": old != new,
            "before": _shown(old, differing), "after": _shown(new, differing), "verified": None})
    return found


def _shown(state, differing):
    """Options of a repository as a result shows them (None where there is no repository): enabled is a bool."""
    if state is None:
        return None
    shown = dict((key, redact.redact_option(key, state[key])) for key in set(SHOWN) | set(differing) if key in state)
    shown["enabled"] = options.is_true(state.get("enabled"), True)
    shown["gpgcheck"] = options.is_true(state.get("gpgcheck"), True)
    return shown


def enabled_ids(documents):
    """Ids of the repositories that are enabled, in the order of the files. Of several sections of one id, dnf takes the first."""
    found = OrderedDict()
    for document in documents.values():
        for section in document.sections():
            if section != "main":
                found.setdefault(section, options.is_true(document.get(section, "enabled"), True))
    return [section for section, enabled in found.items() if enabled]


def _keys(desired, host, documents):
    """The keys that the enabled repositories of AlmaLinux, EPEL and extra are checked with."""
    known = catalogue.real_ids(host)
    extras = dict((item.id, item) for item in desired.extra)
    pinned = set(catalogue.pinned_keys(host)) | desired.trusted
    found = OrderedDict()
    for identifier in enabled_ids(documents):
        _file, state = state_of(documents, identifier)
        if not options.is_true(state.get("gpgcheck"), True):
            continue
        extra = extras.get(identifier)
        if extra is None and identifier not in known:
            continue
        urls = state.get("gpgkey", "").replace(",", " ").split()
        for url in urls:
            url = url.replace("$releasever_major", str(host.major)).replace("$releasever", str(host.major)).replace("$basearch", host.arch)
            good = (set(extra.fingerprints) | desired.trusted) if extra else pinned
            fetch = None
            if extra is None and known[identifier].kind == "epel" and known[identifier].key_url:
                fetch = desired.epel_key_url or (
                    desired.epel_mirror + "/" + known[identifier].key_file if desired.epel_mirror else known[identifier].key_url)
            if url not in found:
                found[url] = Key(identifier, url, good, extra.fingerprints if extra else (),
                                 extra.key if extra else None, fetch, extra is None)
    return list(found.values())
