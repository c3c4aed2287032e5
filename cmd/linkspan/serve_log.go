// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/pflag"
)

// logging is how a role logs.
type logging struct {
	level  slog.LevelVar
	format string
	recent recent
}

func (l *logging) addFlags(flags *pflag.FlagSet) {
	flags.TextVar(&l.level, "log-level", &l.level, "log debug, info, warn or error and above")
	flags.StringVar(&l.format, "log-format", "text", "log as text or json")
}

func (l *logging) logger(w io.Writer) (*slog.Logger, error) {
	options := &slog.HandlerOptions{Level: &l.level}
	w = io.MultiWriter(w, &l.recent)
	switch l.format {
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, usageError{fmt.Errorf("log format %q is not text or json", l.format)}
}
