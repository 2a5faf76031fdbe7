using System.Text;
using System.Text.Json;

namespace LlmThrift.Auditing.Reviewing;

/// <summary>
/// A page for rating in a browser, that loads nothing and sends nothing: it keeps ratings in the browser until they are saved as the CSV that is read back.
/// </summary>
internal static class ReviewPage
{
    private const string Template = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
        <title>Which answers would do?</title>
        <style>
        :root { color-scheme: light dark; --line: light-dark(#c8ccd0, #44494f); --mark: light-dark(#0b57d0, #8ab4f8); --soft: light-dark(#f3f5f7, #22262a); }
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 0 auto; padding: 1rem; }
        h1 { font-size: 1.3rem; }
        .text { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--soft); border: 1px solid var(--line); border-radius: .4rem; padding: .7rem; }
        .answers { display: grid; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); gap: 1rem; }
        button { font: inherit; padding: .5rem .9rem; border-radius: .4rem; border: 1px solid var(--line); background: var(--soft); color: inherit; cursor: pointer; }
        button[aria-pressed="true"] { outline: 3px solid var(--mark); }
        .row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: 1rem 0; }
        progress { width: 100%; accent-color: var(--mark); }
        </style>
        </head>
        <body>
        <h1>Which answers would do?</h1>
        <p>Right, complete, and what was asked for. Style and length do not count. Keys: <kbd>b</kbd> both, <kbd>1</kbd>, <kbd>2</kbd>, <kbd>n</kbd> none, arrows to move. Ratings stay in this browser until you save them.</p>
        <progress id="bar" max="1" value="0" aria-label="Rated"></progress>
        <p id="count" role="status"></p>
        <main>
        <h2>Question</h2><div class="text" id="question"></div>
        <div class="answers">
        <section><h2>Answer 1</h2><div class="text" id="first"></div></section>
        <section><h2>Answer 2</h2><div class="text" id="second"></div></section>
        </div>
        <div class="row">
        <button data-verdict="BOTH">Both</button><button data-verdict="1">Only 1</button><button data-verdict="2">Only 2</button><button data-verdict="NONE">None</button>
        </div>
        <div class="row"><button id="back">Back</button><button id="next">Next</button><button id="save">Save ratings</button></div>
        </main>
        <script type="application/json" id="data">%DATA%</script>
        <script>
        "use strict";
        const { name, items } = JSON.parse(document.getElementById("data").textContent);
        const key = "llmthrift-audit-" + name;
        let ratings = {};
        try { ratings = JSON.parse(localStorage.getItem(key)) || {}; } catch { }
        let at = Math.max(0, items.findIndex(item => !ratings[item.id]));
        const show = () => {
          const item = items[at];
          for (const part of ["question", "first", "second"]) document.getElementById(part).textContent = item[part];
          for (const button of document.querySelectorAll("[data-verdict]"))
            button.setAttribute("aria-pressed", String(ratings[item.id] === button.dataset.verdict));
          const done = items.filter(one => ratings[one.id]).length;
          document.getElementById("bar").value = done / items.length;
          document.getElementById("count").textContent = `Request ${at + 1} of ${items.length}; ${done} rated`;
        };
        const move = by => { at = Math.min(items.length - 1, Math.max(0, at + by)); show(); };
        const rate = verdict => {
          ratings[items[at].id] = verdict;
          try { localStorage.setItem(key, JSON.stringify(ratings)); } catch { }
          move(1);
        };
        for (const button of document.querySelectorAll("[data-verdict]")) button.onclick = () => rate(button.dataset.verdict);
        document.getElementById("back").onclick = () => move(-1);
        document.getElementById("next").onclick = () => move(1);
        document.getElementById("save").onclick = () => {
          const cell = text => '"' + text.replaceAll('"', '""') + '"';
          const lines = items.filter(item => ratings[item.id]).map(item => cell(item.id) + "," + ratings[item.id]);
          const link = document.createElement("a");
          link.href = URL.createObjectURL(new Blob(["id,verdict\r\n" + lines.join("\r\n") + "\r\n"], { type: "text/csv" }));
          link.download = "ratings.csv";
          link.click();
          URL.revokeObjectURL(link.href);
        };
        document.onkeydown = event => {
          if (event.ctrlKey || event.metaKey || event.altKey) return;
          const verdict = { b: "BOTH", 1: "1", 2: "2", n: "NONE" }[event.key.toLowerCase()];
          if (verdict) rate(verdict);
          else if (event.key === "ArrowLeft") move(-1);
          else if (event.key === "ArrowRight") move(1);
        };
        if (items.length) show(); else document.querySelector("main").textContent = "There is nothing to rate.";
        </script>
        </body>
        </html>

        """;

    public static string Write(string name, IEnumerable<ReviewItem> items)
    {
        using var stream = new MemoryStream();

        // The default encoder escapes what would end the element.
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteStartArray("items");
            foreach (var item in items)
            {
                json.WriteStartObject();
                json.WriteString("id", item.Id);
                json.WriteString("question", item.Question);
                json.WriteString("first", item.First);
                json.WriteString("second", item.Second);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Template.Replace("%DATA%", Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length), StringComparison.Ordinal);
    }
}
