// A MongoDB for tests: FerretDB 1.24 on SQLite files, as one program that needs nothing beside it.
//
// FerretDB's own command cannot be had with `go install`: outside of its releases it lacks a generated version file and
// panics. Its embeddable package can, and it takes any free port and writes where it listens.
//
// Usage: ferretdb <folder>. The URI is the one line on stdout, the log is on stderr. It ends when its stdin is closed,
// so it cannot outlive the test run that started it, however that run ended.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	if len(os.Args) != 2 {
		fail("usage: ferretdb <folder>")
	}
	folder, err := filepath.Abs(os.Args[1])
	if err != nil {
		fail(err.Error())
	}

	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
		Handler:   "sqlite",
		SQLiteURL: "file:" + filepath.ToSlash(folder) + "/",
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		fail(err.Error())
	}

	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
		os.Exit(0) // the folder is thrown away: nothing is worth waiting for
	}()
	go func() { fmt.Println(server.MongoDBURI()) }()

	if err := server.Run(ctx); err != nil {
		fail(err.Error())
	}
}

func fail(reason string) {
	fmt.Fprintln(os.Stderr, reason)
	os.Exit(1)
}
