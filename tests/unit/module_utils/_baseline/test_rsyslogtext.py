# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import rsyslogtext
from hypothesis import given
from hypothesis import strategies as st

SHIPPED = """# rsyslog configuration file
#### MODULES ####
module(load="imuxsock" 	  # provides support for local system logging (e.g. via logger command)
       SysSock.Use="off") # Turn off message reception via local log socket;
module(load="imjournal"             # provides access to the systemd journal
       UsePid="system" # PID number is retrieved as the ID of the process
       FileCreateMode="0644" # Set the access permissions for the state file
       StateFile="imjournal.state") # File to store the position in the journal
#module(load="imudp") # needs to be done just once
#input(type="imudp" port="514")
global(workDirectory="/var/lib/rsyslog")
module(load="builtin:omfile" Template="RSYSLOG_TraditionalFileFormat")
include(file="/etc/rsyslog.d/*.conf" mode="optional")
#kern.*                                                 /dev/console
*.info;mail.none;authpriv.none;cron.none                /var/log/messages
authpriv.*                                              /var/log/secure
mail.*                                                  -/var/log/maillog
*.emerg                                                 :omusrmsg:*
uucp,news.crit                                          /var/log/spooler
& /var/log/spooler.copy
local7.*                                                /var/log/boot.log;Precise
if $programname == 'x' then {
    action(type="omfile" file="/var/log/x.log")
}
"""


def test_the_files_it_writes():
    assert rsyslogtext.written(SHIPPED) == [
        "/var/log/messages", "/var/log/secure", "/var/log/maillog", "/var/log/spooler", "/var/log/spooler.copy",
        "/var/log/boot.log", "/var/log/x.log"]
    assert rsyslogtext.written("kern.* /dev/console\n#mail.* /var/log/a\n*.* @@host\n") == []


@pytest.mark.parametrize("line, path", [
    (':syslogtag, isequal, "[CLOUDINIT]" /var/log/cloud-init.log', "/var/log/cloud-init.log"),
    (':msg,!contains,"a, \\"b\\" /c" -/var/log/x;Precise', "/var/log/x"), (":msg, isempty /var/log/empty", "/var/log/empty"),
    ("if $programname == 'haproxy' then /var/log/haproxy.log", "/var/log/haproxy.log"),
    ("if $msg contains 'then /a' then -/var/log/b;Precise", "/var/log/b"), ("if $syslogtag == 'x' then { /var/log/c", "/var/log/c"),
    ("if $syslogtag == 'x' then {\n  /var/log/d\n  stop\n}", "/var/log/d"),
    ("mail.* /var/log/e\u2028f\n", "/var/log/e"), ("# :msg, isempty /var/log/no", None), (':msg, contains, "/a" stop', None), ("*.* @@host", None)])
def test_files_behind_filters(line, path):
    assert rsyslogtext.written(line) == ([path] if path else [])


def test_lines_are_numbered_as_they_are_edited():
    text = "# a\u2028b\x0cc\n$FileCreateMode 0644\n"
    [(number, _mode)] = rsyslogtext.create_modes(text)
    assert rsyslogtext.commented(text, [number]) == "# a\u2028b\x0cc\n# $FileCreateMode 0644\n"


def test_includes():
    assert rsyslogtext.includes(SHIPPED + "$IncludeConfig /etc/more/*.conf\n") == ["/etc/rsyslog.d/*.conf", "/etc/more/*.conf"]


@pytest.mark.parametrize("text, numbers", [
    (SHIPPED, []),
    ('module(load="imtcp")\ninput(type="imtcp" port="514")\n', [[1], [2]]),
    ('input(type="imudp"\n   port="514"\n)\n*.* /var/log/a\n', [[1, 2, 3]]),
    ("$ModLoad imtcp\n$InputTCPServerRun 514\n$UDPServerRun 514\n# $ModLoad imudp\n", [[1], [2], [3]]),
])
def test_listeners(text, numbers):
    assert rsyslogtext.listeners(text) == numbers
    flat = [number for each in numbers for number in each]
    assert rsyslogtext.listeners(rsyslogtext.commented(text, flat)) == []


def test_modes_and_forwards():
    assert rsyslogtext.create_modes("$FileCreateMode 0640\n#$FileCreateMode 0644\n$filecreatemode 0600\n") == [(1, 0o640), (3, 0o600)]
    assert rsyslogtext.forwards('*.* @@logs:514\n#*.* @x\naction(type="omfwd" target="a")\n*.info @b\n') == [1, 3]


@given(st.text(alphabet='a$()".\n #*/-', max_size=80))
def test_any_text_can_be_read(text):
    for numbers, _line in rsyslogtext.statements(text):
        assert numbers
    rsyslogtext.written(text)
