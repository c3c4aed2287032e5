// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Interface is what passed through one (proc_net_dev(5)).
type Interface struct {
	Name            string `json:"name"`
	ReceivedBytes   uint64 `json:"received_bytes"`
	ReceivedPackets uint64 `json:"received_packets"`
	ReceivedErrors  uint64 `json:"received_errors"`
	ReceivedDropped uint64 `json:"received_dropped"`
	SentBytes       uint64 `json:"sent_bytes"`
	SentPackets     uint64 `json:"sent_packets"`
	SentErrors      uint64 `json:"sent_errors"`
	SentDropped     uint64 `json:"sent_dropped"`
}

// lines calls visit for each line of a file below proc, of which not much is read.
func lines(proc, name string, visit func(string)) error {
	f, err := os.Open(filepath.Join(proc, name))
	if err != nil {
		return err
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		visit(s.Text())
	}
	return nil
}

// interfaces reads what passed through each interface of the namespace.
func interfaces(proc string) ([]Interface, error) {
	all := []Interface{}
	err := lines(proc, "net/dev", func(line string) {
		name, rest, ok := strings.Cut(line, ":")
		v := numbers(rest)
		if !ok || len(v) < 12 {
			return
		}
		all = append(all, Interface{strings.TrimSpace(name), v[0], v[1], v[2], v[3], v[8], v[9], v[10], v[11]})
	})
	return all, err
}

func numbers(text string) []uint64 {
	var all []uint64
	for _, word := range strings.Fields(text) {
		n, err := strconv.ParseUint(word, 10, 64)
		if err != nil {
			return nil
		}
		all = append(all, n)
	}
	return all
}

// Host is how the host is.
type Host struct {
	Load            float64 `json:"load"` // of one minute
	MemoryTotal     uint64  `json:"memory_total_bytes"`
	MemoryAvailable uint64  `json:"memory_available_bytes"`
	Uptime          float64 `json:"uptime_seconds"`
}

// host reads how the host is.
func host(proc string) (Host, error) {
	var h Host
	if err := lines(proc, "meminfo", func(line string) {
		var kilo uint64
		switch {
		case scan(line, "MemTotal: %d", &kilo):
			h.MemoryTotal = kilo << 10
		case scan(line, "MemAvailable: %d", &kilo):
			h.MemoryAvailable = kilo << 10
		}
	}); err != nil {
		return h, err
	}
	if err := lines(proc, "loadavg", func(line string) { scan(line, "%g", &h.Load) }); err != nil {
		return h, err
	}
	return h, lines(proc, "uptime", func(line string) { scan(line, "%g", &h.Uptime) })
}

func scan(line, format string, into any) bool {
	_, err := fmt.Sscanf(line, format, into)
	return err == nil
}

// protocols reads counters such as Tcp_RetransSegs (proc_net_snmp(5)): a line of names, then one of values.
func protocols(proc string) (map[string]int64, error) {
	all := make(map[string]int64)
	var names []string
	err := lines(proc, "net/snmp", func(line string) {
		words := strings.Fields(line)
		if len(words) < 2 {
			return
		}
		if len(names) != len(words) || names[0] != words[0] {
			names = words
			return
		}
		for i := 1; i < len(words); i++ {
			if n, err := strconv.ParseInt(words[i], 10, 64); err == nil {
				all[strings.TrimSuffix(words[0], ":")+"_"+names[i]] = n
			}
		}
		names = nil
	})
	return all, err
}
