// SPDX-License-Identifier: Apache-2.0

package system

import (
	"fmt"
	"slices"
	"strings"

	"github.com/linkspan/linkspan/nos/tree"
)

// The files, below the root.
const (
	hostnameFile = "etc/hostname"
	hostsFile    = "etc/hosts"
	zoneFile     = "etc/timezone"
	zoneLink     = "etc/localtime"
	resolverFile = "etc/resolv.conf"
	bannerFile   = "etc/issue"
	remoteBanner = "etc/issue.net"
)

// kernelName stands for the name that the kernel has, among the files.
const kernelName = "(host name)"

// hostsMark is at the end of the line of hosts that is ours.
const hostsMark = "# linkspan"

// notice is on top of the files that people may take for theirs.
const notice = "# Made by linkspan of its configuration (system); what is changed here is lost.\n"

// content is what a file is.
type content struct {
	None bool   `json:"none,omitempty"` // there is no such file
	Link string `json:"link,omitempty"` // it is a link to this
	Text string `json:"text,omitempty"`
}

// item is a file that a configuration says something of.
type item struct {
	file string
	path []string // in the configuration
	want content
}

// items returns what a configuration says of files, in order.
func (p *Part) items(t *tree.Tree) []item {
	if t == nil {
		return nil
	}
	system := t.Root().Child("system")
	var all []item
	add := func(file, want string, path ...string) {
		all = append(all, item{file, append([]string{"system"}, path...), content{Text: want}})
	}
	if name := system.Child("hostname").Value(); name != "" {
		add(hostnameFile, name+"\n", "hostname")
		add(kernelName, name, "hostname")
		add(hostsFile, name, "hostname") // see withName
	}
	if zone := system.Child("time-zone").Value(); zone != "" {
		add(zoneFile, zone+"\n", "time-zone")
		all = append(all, item{zoneLink, []string{"system", "time-zone"}, content{Link: p.options.Zones + "/" + zone}})
	}
	if text := resolver(system.Child("dns")); text != "" {
		add(resolverFile, text, "dns")
	}
	if banner := system.Child("banner").Value(); banner != "" {
		add(bannerFile, banner+"\n", "banner")
		add(remoteBanner, banner+"\n", "banner")
	}
	if servers := system.Child("ntp").Child("server").Values(); len(servers) > 0 {
		for _, c := range p.clocks() {
			add(c.file, c.text(servers), "ntp")
		}
	}
	return all
}

// resolver returns the file for the C library's resolver (resolv.conf(5)).
func resolver(dns tree.Node) string {
	text := ""
	for _, s := range dns.Child("server").Values() {
		text += "nameserver " + s + "\n"
	}
	if search := dns.Child("search").Values(); len(search) > 0 {
		text += "search " + strings.Join(search, " ") + "\n"
	}
	if text == "" {
		return ""
	}
	return notice + text
}

// withName returns a file of hosts (hosts(5)) in which the name is one of this host's,
// and no other one that we gave; with an empty name none.
func withName(hosts, name string) string {
	lines := slices.DeleteFunc(strings.SplitAfter(hosts, "\n"), func(l string) bool { return strings.HasSuffix(strings.TrimRight(l, "\n"), hostsMark) })
	text := strings.Join(lines, "")
	if name == "" {
		return text
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text + fmt.Sprintf("127.0.1.1\t%s\t%s\n", name, hostsMark)
}

// of returns the item of a file, and whether there is one.
func of(items []item, file string) (item, bool) {
	i := slices.IndexFunc(items, func(i item) bool { return i.file == file })
	if i < 0 {
		return item{}, false
	}
	return items[i], true
}
