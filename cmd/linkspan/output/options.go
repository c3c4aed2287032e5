// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/linkspan/linkspan"
)

// Options are the flags that say how to print; every listing has the same.
type Options struct {
	Output  string // table, json or yaml
	Format  string // a Go template for each row
	Quiet   bool   // names only
	NoTrunc bool   // whole ids and flows
}

// AddFlags declares the flags; a command that prints one thing has no quiet.
func (o *Options) AddFlags(flags *pflag.FlagSet, list bool) {
	o.Output = "table"
	flags.VarP((*form)(&o.Output), "output", "o", "print as `table`, json or yaml")
	short := "f" // where there are no filters, as docker has it
	if list {
		short = ""
	}
	flags.StringVarP(&o.Format, "format", short, "", "print each through a Go `template`, such as '{{.Name}}'; {{json .}} prints all of it, json a line of that, 'table {{.Name}}' a table")
	if list {
		flags.BoolVarP(&o.Quiet, "quiet", "q", false, "print names only")
		flags.BoolVar(&o.NoTrunc, "no-trunc", false, "do not shorten anything")
	}
}

// OneForm refuses flags that ask for two ways of printing at once.
func OneForm(flags *pflag.FlagSet) error {
	var asked []string
	flags.Visit(func(f *pflag.Flag) {
		_, isForm := f.Value.(*form)
		if isForm && f.Value.String() != "table" || f.Name == "format" || f.Name == "quiet" && f.Value.String() == "true" {
			asked = append(asked, "--"+f.Name)
		}
	})
	if len(asked) > 1 {
		return fmt.Errorf("%s: only one of them", strings.Join(asked, " and "))
	}
	return nil
}

// form is the value of --output, which refuses what is not known.
type form string

var _ pflag.Value = (*form)(nil)

func (f *form) String() string { return string(*f) }
func (f *form) Type() string   { return "string" }

func (f *form) Set(text string) error {
	o := Options{Output: text}
	if err := o.Validate(); err != nil {
		return err
	}
	*f = form(text)
	return nil
}

// Validate refuses what no printing is known for.
func (o *Options) Validate() error {
	switch o.Output {
	case "", "table", "json", "yaml":
		return nil
	}
	return &linkspan.Error{Code: linkspan.Invalid, Message: "output " + o.Output + " is not known", Hint: "use table, json or yaml"}
}
