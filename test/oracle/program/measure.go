package main

import (
	"io"
	"os"
	"syscall"
)

// measure reads a file several times and tells how much user CPU it took, all of Go's threads together.
func measure(file string, times int, out io.Writer) error {
	stream, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	once, err := userSeconds(times, func() error {
		_, err := serveOutput(stream)
		return err
	})
	if err != nil {
		return err
	}
	whole, err := userSeconds(times, func() error {
		_, err := applied(stream)
		return err
	})
	if err != nil {
		return err
	}
	return send(out, measurement{Bytes: len(stream), Times: times, FirstPass: once, BothPasses: whole})
}

// In seconds, for all times together.
type measurement struct {
	Bytes      int     `json:"bytes"`
	Times      int     `json:"times"`
	FirstPass  float64 `json:"firstPass"`
	BothPasses float64 `json:"bothPasses"`
}

func userSeconds(times int, work func() error) (float64, error) {
	before, err := userTime()
	if err != nil {
		return 0, err
	}
	for range times {
		if err := work(); err != nil {
			return 0, err
		}
	}
	after, err := userTime()
	return after - before, err
}

func userTime() (float64, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, err
	}
	return float64(usage.Utime.Sec) + float64(usage.Utime.Usec)/1e6, nil
}
