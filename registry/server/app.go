// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"
	"github.com/sirupsen/logrus"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/registry/storage"
)

// Greatest numbers in one answer of the catalogue and of lists of tags.
const maxEntries = 1000

// newApp starts the distribution project's registry on a folder. It panics where others
// return errors; here it does not.
func newApp(ctx context.Context, dir string, log *slog.Logger) (app *handlers.App, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = &linkspan.Error{Code: linkspan.Internal, Op: "open " + dir, Message: fmt.Sprint(cause)}
		}
	}()
	passLogs(log)
	storage.Register()
	c := &configuration.Configuration{
		Storage: configuration.Storage{
			storage.Name: storage.Parameters(dir),
			"delete":     configuration.Parameters{"enabled": true},
			// What is not finished is removed with the garbage, and not by a goroutine of its own.
			"maintenance": configuration.Parameters{"uploadpurging": map[any]any{"enabled": false}},
			"redirect":    configuration.Parameters{"disable": true},
		},
		Catalog: configuration.Catalog{MaxEntries: maxEntries},
		Tags:    configuration.Tags{MaxTags: maxEntries},
	}
	// An index may be of platforms that are not pushed here.
	c.Validation.Manifests.Indexes.Platforms = "none"
	c.HTTP.RelativeURLs = true // whatever name clients know this host by
	c.HTTP.Secret = secret()
	return handlers.NewApp(ctx, c), nil
}

// passLogs has what the library logs, with one logger for the whole process, logged as
// everything else is: warnings and worse. What is refused is no warning, it is answered.
func passLogs(log *slog.Logger) {
	l := logrus.StandardLogger()
	l.SetOutput(io.Discard)
	l.SetLevel(logrus.ErrorLevel)
	l.ReplaceHooks(logrus.LevelHooks{logrus.ErrorLevel: {hook{log}}})
}

type hook struct{ log *slog.Logger }

var _ logrus.Hook = hook{}

// Levels implements the interface.
func (hook) Levels() []logrus.Level { return []logrus.Level{logrus.ErrorLevel} }

// Fire implements the interface.
func (h hook) Fire(e *logrus.Entry) error {
	h.log.Debug("the registry's library says", "text", e.Message)
	return nil
}
