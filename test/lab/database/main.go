// Builds a small vulnerability database of Trivy out of a list of advisories, with the library that Trivy reads it with.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/db"
	"github.com/aquasecurity/trivy-db/pkg/metadata"
	"github.com/aquasecurity/trivy-db/pkg/types"
	"github.com/aquasecurity/trivy-db/pkg/vulnsrc/bucket"
	"github.com/aquasecurity/trivy-db/pkg/vulnsrc/vulnerability"
	bolt "go.etcd.io/bbolt"
)

type advisory struct {
	ID         string                    `json:"id"`
	Title      string                    `json:"title"`
	Published  *time.Time                `json:"published"`
	CWE        string                    `json:"cwe"`
	Severity   map[types.SourceID]string `json:"severity"`
	References []string                  `json:"references"`
	Affects    []affected                `json:"affects"`
}

// affected names one package, in the key of its ecosystem or distribution.
type affected struct {
	Npm        string   `json:"npm"`
	Go         string   `json:"go"`
	Maven      string   `json:"maven"`
	Debian     string   `json:"debian"`
	Alpine     string   `json:"alpine"`
	Release    string   `json:"release"`
	Advisory   string   `json:"advisory"`
	Vulnerable []string `json:"vulnerable"`
	Fixed      []string `json:"fixed"`
	Status     string   `json:"status"`
}

// The sources as trivy-db names them.
var (
	npmSource    = types.DataSource{ID: vulnerability.GHSA, Name: "GitHub Security Advisory npm", URL: "https://github.com/advisories?query=type%3Areviewed+ecosystem%3Anpm"}
	goSource     = types.DataSource{ID: vulnerability.GoVulnDB, Name: "The Go Vulnerability Database", URL: "https://pkg.go.dev/vuln/"}
	mavenSource  = types.DataSource{ID: vulnerability.GHSA, Name: "GitHub Security Advisory Maven", URL: "https://github.com/advisories?query=type%3Areviewed+ecosystem%3Amaven"}
	debianSource = types.DataSource{ID: vulnerability.Debian, Name: "Debian Security Tracker", URL: "https://salsa.debian.org/security-tracker-team/security-tracker"}
	alpineSource = types.DataSource{ID: vulnerability.Alpine, Name: "Alpine Secdb", URL: "https://secdb.alpinelinux.org/"}
)

func main() {
	advisories := flag.String("advisories", "", "JSON file with the advisories")
	output := flag.String("output", "", "directory for db/trivy.db, db/metadata.json and db.tar.gz")
	updatedAt := flag.String("updated-at", "", "when the database says it was built, RFC 3339")
	nextUpdate := flag.String("next-update", "", "when it says the next one comes, RFC 3339")
	flag.Parse()
	if err := run(*advisories, *output, *updatedAt, *nextUpdate); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(advisoriesFile, output, updatedAt, nextUpdate string) error {
	advisories, err := read(advisoriesFile)
	if err != nil {
		return err
	}
	meta := metadata.Metadata{Version: db.SchemaVersion}
	if meta.UpdatedAt, err = time.Parse(time.RFC3339, updatedAt); err != nil {
		return err
	}
	if meta.NextUpdate, err = time.Parse(time.RFC3339, nextUpdate); err != nil {
		return err
	}
	directory := filepath.Join(output, "db")
	if err := fill(directory, advisories); err != nil {
		return err
	}
	if err := metadata.NewClient(directory).Update(meta); err != nil {
		return err
	}
	return pack(filepath.Join(output, "db.tar.gz"), db.Path(directory), metadata.Path(directory))
}

func read(file string) ([]advisory, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	var advisories []advisory
	if err := decoder.Decode(&advisories); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return advisories, nil
}

func fill(directory string, advisories []advisory) error {
	if err := db.Init(directory); err != nil {
		return err
	}
	defer db.Close()
	return db.Config{}.BatchUpdate(func(tx *bolt.Tx) error {
		for _, advisory := range advisories {
			if err := put(tx, advisory); err != nil {
				return fmt.Errorf("%s: %w", advisory.ID, err)
			}
		}
		return nil
	})
}

func put(tx *bolt.Tx, advisory advisory) error {
	dbc := db.Config{}
	for _, affected := range advisory.Affects {
		target, source, name, err := place(affected)
		if err != nil {
			return err
		}
		entry := types.Advisory{Status: types.NewStatus(affected.Status)}
		if affected.Advisory != "" {
			entry.VendorIDs = []string{affected.Advisory}
		}
		if affected.Vulnerable != nil {
			entry.VulnerableVersions, entry.PatchedVersions = affected.Vulnerable, affected.Fixed
		} else if len(affected.Fixed) == 1 {
			entry.FixedVersion = affected.Fixed[0]
		}
		if err := dbc.PutDataSource(tx, target.Name(), source); err != nil {
			return err
		}
		// A pointer: only *Advisory knows how to write the status as the number that the database holds.
		if err := dbc.PutAdvisory(tx, []string{target.Name(), name}, advisory.ID, &entry); err != nil {
			return err
		}
	}
	details := map[types.SourceID]types.VulnerabilityDetail{}
	for source, name := range advisory.Severity {
		severity, err := types.NewSeverity(name)
		if err != nil {
			return err
		}
		detail := types.VulnerabilityDetail{ID: advisory.ID, SeverityV3: severity, Title: advisory.Title, References: advisory.References, PublishedDate: advisory.Published}
		if advisory.CWE != "" {
			detail.CweIDs = []string{advisory.CWE}
		}
		details[source] = detail
	}
	if err := dbc.PutVulnerabilityID(tx, advisory.ID); err != nil {
		return err
	}
	return dbc.PutVulnerability(tx, advisory.ID, vulnerability.New(dbc).Normalize(advisory.ID, details))
}

func place(affected affected) (bucket.Bucket, types.DataSource, string, error) {
	switch {
	case affected.Npm != "":
		target, err := bucket.NewNpm(npmSource)
		return target, npmSource, affected.Npm, err
	case affected.Go != "":
		target, err := bucket.NewGo(goSource)
		return target, goSource, affected.Go, err
	case affected.Maven != "":
		target, err := bucket.NewMaven(mavenSource)
		return target, mavenSource, affected.Maven, err
	case affected.Debian != "":
		return bucket.NewDebian(affected.Release), debianSource, affected.Debian, nil
	case affected.Alpine != "":
		return bucket.NewAlpine(affected.Release), alpineSource, affected.Alpine, nil
	default:
		return nil, types.DataSource{}, "", fmt.Errorf("names no package: %+v", affected)
	}
}

func pack(archive string, files ...string) error {
	file, err := os.Create(archive)
	if err != nil {
		return err
	}
	defer file.Close()
	compressed := gzip.NewWriter(file)
	writer := tar.NewWriter(compressed)
	for _, path := range files {
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := writer.WriteHeader(&tar.Header{Name: filepath.Base(path), Mode: 0o644, Size: int64(len(content))}); err != nil {
			return err
		}
		if _, err := writer.Write(content); err != nil {
			return err
		}
	}
	if err := writer.Close(); err != nil {
		return err
	}
	return compressed.Close()
}
