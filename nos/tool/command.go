// SPDX-License-Identifier: Apache-2.0

package tool

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
)

// Command is a program with its arguments and how long it may run.
type Command struct {
	Program string
	Args    []string
	Limit   time.Duration
	Package string // Debian's, that has the program
	Silence string // what its exit status 1 means; empty: a failure
}

// Ping asks a host for echoes.
type Ping struct {
	Host     string
	Count    int           // 0: 5; at most 1000
	Size     int           // bytes of data, 1 to 65500; 0: 56
	Source   string        // address or interface; empty: as the routes say
	Interval time.Duration // 0: 1 s; at least 200 ms
}

// Command returns how to run it. The error has code Invalid.
func (p Ping) Command() (Command, error) {
	if p.Count == 0 {
		p.Count = 5
	}
	if p.Size == 0 {
		p.Size = 56
	}
	if p.Interval == 0 {
		p.Interval = time.Second
	}
	err := first(host(p.Host), source(p.Source), within("count", p.Count, 1, 1000), within("size", p.Size, 1, 65500))
	if err == nil && (p.Interval < 200*time.Millisecond || p.Interval > time.Minute) {
		err = invalid("an interval of %s is not possible: 200ms to 1m", p.Interval)
	}
	if err != nil {
		return Command{}, err
	}
	const patience = 10 * time.Second // for the last answers
	limit := time.Duration(p.Count)*p.Interval + patience
	args := []string{"-n", "-c", strconv.Itoa(p.Count), "-s", strconv.Itoa(p.Size), "-i", strconv.FormatFloat(p.Interval.Seconds(), 'f', 3, 64)}
	if p.Source != "" {
		args = append(args, "-I", p.Source)
	}
	return Command{Program: "ping", Args: append(args, "--", p.Host), Limit: limit, Package: "iputils-ping", Silence: p.Host + " does not answer"}, nil
}

// Traceroute finds the routers on the way to a host.
type Traceroute struct {
	Host   string
	Hops   int    // 0: 30; at most 64
	Source string // address or interface; empty: as the routes say
}

// Command returns how to run it. The error has code Invalid.
func (t Traceroute) Command() (Command, error) {
	if t.Hops == 0 {
		t.Hops = 30
	}
	if err := first(host(t.Host), source(t.Source), within("hops", t.Hops, 1, 64)); err != nil {
		return Command{}, err
	}
	args := []string{"-n", "-w", "2", "-q", "2", "-m", strconv.Itoa(t.Hops)}
	if _, err := netip.ParseAddr(t.Source); err == nil {
		args = append(args, "-s", t.Source)
	} else if t.Source != "" {
		args = append(args, "-i", t.Source)
	}
	return Command{Program: "traceroute", Args: append(args, "--", t.Host), Limit: 5 * time.Minute, Package: "traceroute"}, nil
}

// Capture shows packets on an interface.
type Capture struct {
	Interface string
	Count     int      // packets; 0: 20; at most 10000
	Filter    []string // words of pcap's language
}

// Command returns how to run it. The error has code Invalid.
func (c Capture) Command() (Command, error) {
	if c.Count == 0 {
		c.Count = 20
	}
	err := first(device(c.Interface), within("count", c.Count, 1, 10000))
	if len(strings.Join(c.Filter, " ")) > 1024 {
		err = first(err, invalid("a filter has at most 1024 bytes"))
	}
	for _, w := range c.Filter {
		if strings.HasPrefix(w, "-") || strings.ContainsRune(w, 0) {
			err = first(err, invalid("%q is no word of a filter", w))
		}
	}
	if err != nil {
		return Command{}, err
	}
	args := []string{"-n", "-l", "-i", c.Interface, "-c", strconv.Itoa(c.Count), "--"}
	return Command{Program: "tcpdump", Args: append(args, c.Filter...), Limit: 5 * time.Minute, Package: "tcpdump"}, nil
}

var hostForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?\.?$`)

// host checks an address, also with a zone, or a name.
func host(text string) error {
	a, err := netip.ParseAddr(text)
	if err == nil && a.Zone() != "" {
		return device(a.Zone())
	}
	if err == nil || hostForm.MatchString(text) {
		return nil
	}
	return invalid("%q is not a host: an address or a name is expected", short(text))
}

func source(text string) error {
	if _, err := netip.ParseAddr(text); text == "" || err == nil {
		return nil
	}
	return device(text)
}

// device checks the name of an interface as the kernel has them (dev_valid_name).
func device(name string) error {
	if name == "" || len(name) > 15 || name == "." || name == ".." || strings.HasPrefix(name, "-") || strings.ContainsAny(name, "/: \t\r\n\v\f\x00") {
		return invalid("%q is not an interface", short(name))
	}
	return nil
}

func within(what string, n, low, high int) error {
	if n < low || n > high {
		return invalid("a %s of %d is not possible: %d to %d", what, n, low, high)
	}
	return nil
}

// short cuts what is shown in an error.
func short(text string) string { return text[:min(len(text), 64)] }

func invalid(format string, values ...any) error {
	return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf(format, values...)}
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
