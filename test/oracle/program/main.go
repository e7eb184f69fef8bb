// Tells what Argo CD makes of a config management plugin's stdout: for every stream of manifests, the objects that it
// would apply, or its error. README.md beside this directory says where each step comes from.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

func main() {
	times := flag.Int("times", 5, "how often the measured file is read")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "oracle                     answers the streams on stdin")
		fmt.Fprintln(os.Stderr, "oracle [-times N] FILE     measures how long reading the file takes")
		flag.PrintDefaults()
	}
	flag.Parse()
	var err error
	if flag.NArg() == 0 {
		err = serve(bufio.NewReader(os.Stdin), os.Stdout)
	} else {
		err = measure(flag.Arg(0), *times, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

// serve reads streams, each behind a line with its length in bytes, and answers each with one line of JSON.
func serve(in *bufio.Reader, out io.Writer) error {
	for {
		stream, err := receive(in)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := send(out, answer(stream)); err != nil {
			return err
		}
	}
}

func receive(in *bufio.Reader) ([]byte, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return nil, err
	}
	length, err := strconv.Atoi(strings.TrimSuffix(line, "\n"))
	if err != nil || length < 0 {
		return nil, fmt.Errorf("expected the length of a stream, got %q", line)
	}
	stream := make([]byte, length)
	_, err = io.ReadFull(in, stream)
	return stream, err
}

// Go sorts the keys of a map.
func send(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// answer turns a panic into an error, as the servers of Argo CD do for their callers.
func answer(stream []byte) (reply any) {
	defer func() {
		if cause := recover(); cause != nil {
			reply = failure{Error: fmt.Sprint("panic: ", cause)}
		}
	}()
	objects, err := applied(stream)
	if err != nil {
		return failure{Error: err.Error()}
	}
	return success{Objects: objects}
}

type success struct {
	Objects []map[string]any `json:"objects"`
}

type failure struct {
	Error string `json:"error"`
}
