// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// runWish is what was typed about a service.
type runWish struct {
	file        string
	name        string
	attach      []string
	environment []string
	volumes     []string
	memory      string
	health      string
	quiet       bool
	member      linkspan.CompositeMember
}

func (w *runWish) addFlags(f *pflag.FlagSet) {
	f.SortFlags = false
	f.StringVarP(&w.file, "file", "f", "", "run the composites of this `file` (YAML, as in a behavior script), or - for standard input, instead of an image")
	f.StringVar(&w.name, "name", "", "`name` of the service (default: the last part of the image's)")
	f.StringArrayVar(&w.attach, "attach", nil, "give it an `interface`: NAME=vlan:NUMBER[,ADDRESS/LENGTH...] or NAME=NETWORK[,ADDRESS...]; may be repeated")
	f.StringArrayVarP(&w.environment, "env", "e", nil, "set a variable of its environment, as `NAME=VALUE`; may be repeated")
	f.StringArrayVarP(&w.volumes, "volume", "v", nil, "keep a folder of it: `NAME:PATH[:ro]`; may be repeated")
	f.StringSliceVar(&w.member.Capabilities, "cap-add", nil, "`capabilities` that it has (default: those that its image needs)")
	f.StringSliceVar(&w.member.Calls, "calls", nil, "`calls` that it may make: SERVICE or SERVICE/CALL, such as switch/set-mode")
	f.StringVarP(&w.memory, "memory", "m", "", "most memory that it has, in `bytes` or with k, m or g")
	f.Float64Var(&w.member.Limits.CPUs, "cpus", 0, "most `processors` that it uses")
	f.IntVar(&w.member.Limits.PIDs, "pids-limit", 0, "most `processes` that it has")
	f.StringVar(&w.health, "health-cmd", "", "`command` that says whether it is healthy, words apart by spaces; it is run without a shell")
	f.BoolVar(&w.member.Overlap, "overlap", false, "start a new one beside the old one, and not after it")
	f.BoolVarP(&w.quiet, "quiet", "q", false, "do not say what is done")
}

func (a *app) serviceRun() *cobra.Command {
	var w runWish
	c := &cobra.Command{
		Use: "run [flags] [IMAGE] [COMMAND] [ARG...]", Short: "run a service, or composites of a file, in place of those of the same name", Args: atLeast(0),
		Long: `Run a service in a container of this host's switch: an image that is on the switch, in a
network namespace of its own. A service that runs under that name already is replaced, and no
call of it is lost; when the new one does not get healthy, the old one runs again. Services
that belong together are composites, which a file says (-f).`,
		Example: `  linkspan service run --name dns --attach eth0=vlan:10,192.0.2.53/24 base/dns-dhcp:1.0.0
  linkspan service run --name probe --attach eth0=web base/toolbox:1.0.0 /bin/sleep infinity
  linkspan service run -f edge.yaml`,
		RunE: a.serving(func(cmd *cobra.Command, client *api.Client, args []string) error {
			composites, err := w.composites(a.in, args)
			if err != nil {
				return err
			}
			stream, err := client.Services.Run(cmd.Context(), connect.NewRequest(&apiv1.ServiceServiceRunRequest{Composites: composites}))
			if err != nil {
				return err
			}
			defer stream.Close()
			for stream.Receive() {
				if !w.quiet {
					fmt.Fprintln(a.err, stream.Msg().GetLine())
				}
			}
			return stream.Err()
		}),
	}
	c.Flags().SetInterspersed(false)
	w.addFlags(c.Flags())
	_ = c.MarkFlagFilename("file", "yaml", "yml")
	_ = c.RegisterFlagCompletionFunc("name", a.completeComposites)
	return c
}

// composites returns what is to run, in JSON.
func (w *runWish) composites(in io.Reader, args []string) ([]string, error) {
	if w.file != "" {
		if len(args) > 0 {
			return nil, usageError{errors.New("a file and an image: only one of them")}
		}
		return readComposites(w.file, in)
	}
	if len(args) == 0 {
		return nil, usageError{errors.New("an image is wanted, or -f FILE")}
	}
	c, err := w.composite(args)
	if err != nil {
		return nil, usageError{err}
	}
	text, err := json.Marshal(c)
	return []string{string(text)}, err
}

// composite is one service as a composite of its own.
func (w *runWish) composite(args []string) (linkspan.Composite, error) {
	m := w.member
	m.Image, m.Command = args[0], args[1:]
	if m.Name = w.name; m.Name == "" {
		m.Name = lastPart(args[0])
	}
	c := linkspan.Composite{Name: m.Name}
	for _, text := range w.attach {
		a, err := parseAttachment(text)
		if err != nil {
			return c, err
		}
		c.Attach = append(c.Attach, a)
	}
	for _, text := range w.environment {
		name, value, found := strings.Cut(text, "=")
		if !found {
			return c, fmt.Errorf("--env %q is no NAME=VALUE", text)
		}
		if m.Environment == nil {
			m.Environment = map[string]string{}
		}
		m.Environment[name] = value
	}
	for _, text := range w.volumes {
		parts := strings.Split(text, ":")
		if len(parts) < 2 || len(parts) > 3 || len(parts) == 3 && parts[2] != "ro" {
			return c, fmt.Errorf("--volume %q is no NAME:PATH or NAME:PATH:ro", text)
		}
		m.Volumes = append(m.Volumes, linkspan.Volume{Name: parts[0], Path: parts[1], ReadOnly: len(parts) == 3})
	}
	if w.health != "" {
		m.Health = &linkspan.HealthCheck{Command: strings.Fields(w.health)}
	}
	var err error
	if w.memory != "" {
		m.Limits.Memory, err = parseBytes(w.memory)
	}
	c.Services = []linkspan.CompositeMember{m}
	return c, err
}

// lastPart is what a service is called that nobody has named: base/dns-dhcp:1.0.0 is dns-dhcp.
func lastPart(image string) string {
	image, _, _ = strings.Cut(image, "@")
	image = image[strings.LastIndexByte(image, '/')+1:]
	image, _, _ = strings.Cut(image, ":")
	return image
}

// parseAttachment reads NAME=vlan:10,192.0.2.1/24 or NAME=NETWORK,ADDRESS.
func parseAttachment(text string) (linkspan.Attachment, error) {
	name, rest, found := strings.Cut(text, "=")
	parts := strings.Split(rest, ",")
	a := linkspan.Attachment{Interface: name, Addresses: parts[1:]}
	if !found || name == "" || parts[0] == "" {
		return a, fmt.Errorf("--attach %q is no NAME=vlan:NUMBER or NAME=NETWORK", text)
	}
	vlan, is := strings.CutPrefix(parts[0], "vlan:")
	if !is {
		a.Network = parts[0]
		return a, nil
	}
	n, err := strconv.ParseUint(vlan, 10, 12)
	if err != nil || n == 0 {
		return a, fmt.Errorf("--attach %q: %q is no VLAN", text, vlan)
	}
	a.VLAN = uint16(n)
	return a, nil
}

// parseBytes reads 512m, as docker has it: k, m and g are powers of 1024.
func parseBytes(text string) (uint64, error) {
	number, shift := strings.ToLower(text), 0
	for i, unit := range []string{"k", "m", "g"} {
		if rest, found := strings.CutSuffix(number, unit); found {
			number, shift = rest, 10*(i+1)
		}
	}
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("%q is no amount of memory, such as 512m", text)
	}
	return n << shift, nil
}

// maxFile is the greatest size of a file of composites, in bytes.
const maxFile = 1 << 20

// readComposites reads a file: one composite, or several under the word composites.
func readComposites(file string, in io.Reader) ([]string, error) {
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%s is longer than %d bytes", file, maxFile)
	}
	if err != nil {
		return nil, err
	}
	return compositesOf(file, text)
}

// compositesOf returns the composites of a YAML document, each in JSON.
func compositesOf(file string, text []byte) ([]string, error) {
	var document map[string]any
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Message: file + " is no YAML document of composites", Err: err}
	}
	all, several := document["composites"].([]any)
	if !several {
		all = []any{document}
	} else if len(document) > 1 {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Message: file + " has more than composites", Hint: "linkspan script push sends a whole script"}
	}
	var list []string
	for _, one := range all {
		text, err := json.Marshal(one)
		if err != nil {
			return nil, &linkspan.Error{Code: linkspan.Invalid, Message: file + " has a key that is no text", Err: err}
		}
		list = append(list, string(text))
	}
	return list, nil
}
