// SPDX-License-Identifier: Apache-2.0

package layer

import "strings"

// Rules say which paths are left out. Each is a path with * for any characters but /, and **
// for any at all, as in /usr/share/locale/**. A path with a rule is left out with all below
// it. The zero value leaves nothing out.
type Rules struct {
	LeaveOut []string
	Keep     []string // of what is left out, these are not
}

// Slim returns what no service needs: documentation but the copyright files, translations,
// character sets, Perl, what boots a host, and what is made anew where it is needed.
func Slim() []string {
	return []string{
		"/usr/share/doc/*/**", "/usr/share/man", "/usr/share/info", "/usr/share/locale", "/usr/share/lintian", "/usr/share/bug", "/usr/share/doc-base",
		"/usr/share/bash-completion", "/usr/share/zsh", "/usr/share/fish", "/usr/share/common-licenses", "/usr/share/gcc", "/usr/share/gdb", "/usr/share/initramfs-tools", "/usr/share/menu",
		"/usr/share/pixmaps", "/usr/share/applications", "/usr/share/linda", "/usr/share/i18n", "/usr/share/zoneinfo", "/usr/share/perl*", "/usr/share/vim", "/usr/share/apport", "/usr/share/reportbug",
		"/usr/lib/*/gconv", "/usr/lib/*/perl*", "/usr/lib/locale", "/usr/lib/systemd", "/usr/lib/udev", "/usr/lib/tmpfiles.d", "/usr/lib/sysusers.d", "/usr/lib/modprobe.d", "/usr/lib/valgrind",
		"/usr/lib/pkgconfig", "/usr/lib/*/pkgconfig", "/usr/include", "/etc/init.d", "/etc/rc*.d", "/etc/default", "/etc/logrotate.d", "/etc/cron.*", "/etc/apparmor.d", "/etc/dbus-1", "/etc/bash_completion.d",
		"/var/cache", "/var/log/**", "/var/lib/systemd",
	}
}

// SlimKept returns what is kept of that.
func SlimKept() []string { return []string{"/usr/share/doc/*/copyright"} }

// out says whether a path is left out.
func (r Rules) out(name string) bool {
	return matchAny(r.LeaveOut, name, true) && !matchAny(r.Keep, name, true)
}

func matchAny(patterns []string, name string, below bool) bool {
	for _, p := range patterns {
		for at := name; at != "/"; {
			if Match(p, at) {
				return true
			}
			i := strings.LastIndexByte(at, '/')
			if !below || i <= 0 {
				break
			}
			at = at[:i]
		}
	}
	return false
}

// Match says whether the whole of a path is of a pattern.
func Match(pattern, name string) bool {
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '*' {
			if name == "" || name[0] != pattern[i] {
				return false
			}
			name = name[1:]
			continue
		}
		deep := strings.HasPrefix(pattern[i:], "**")
		rest := strings.TrimLeft(pattern[i:], "*")
		for j := 0; ; j++ {
			if Match(rest, name[j:]) {
				return true
			}
			if j == len(name) || name[j] == '/' && !deep {
				return false
			}
		}
	}
	return name == ""
}
