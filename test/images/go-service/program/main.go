// A service that picks the language of its answer.
package main

import (
	"fmt"
	"log"
	"net/http"

	"golang.org/x/text/language"
)

func main() {
	languages := language.NewMatcher([]language.Tag{language.English, language.German})
	log.Fatal(http.ListenAndServe(":8080", http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		wanted, _, _ := language.ParseAcceptLanguage(request.Header.Get("Accept-Language"))
		tag, _, _ := languages.Match(wanted...)
		fmt.Fprintln(response, tag)
	})))
}
