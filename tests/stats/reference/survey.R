# Reference values from R's survey package for any design: strata, clusters, weights, fpc, calibration.
# From the root of the repository: Rscript tests/stats/reference/survey.R (Debian: r-cran-survey)
# schools.csv is invented; survey.csv is written.
suppressMessages(library(survey))
setwd("tests/stats/reference")
made_by <- sprintf("# %s, survey %s; written by survey.R",
                   sub(" Patched", "", sub(" \\(.*", "", R.version.string)), packageVersion("survey"))
schools <- read.csv("schools.csv", colClasses = c(district = "character"))
drawn <- ave(as.numeric(factor(schools$district)), schools$stratum, FUN = function(x) length(unique(x)))
schools$inverse <- schools$districts / drawn
schools$fraction <- drawn / schools$districts
schools$in_stratum <- ave(schools$score, schools$stratum, FUN = length) * 5
schools$all_districts <- 40
schools$code <- paste(schools$stratum, schools$district)
designs <- list(
  strata = svydesign(ids = ~1, strata = ~stratum, fpc = ~in_stratum, data = schools),
  clusters = svydesign(ids = ~code, fpc = ~all_districts, data = schools),
  both = svydesign(ids = ~district, strata = ~stratum, fpc = ~districts, data = schools, nest = TRUE),
  weighted = svydesign(ids = ~district, strata = ~stratum, weights = ~weight, data = schools, nest = TRUE),
  weighted_fpc = svydesign(ids = ~district, strata = ~stratum, weights = ~weight, fpc = ~fraction,
                           data = schools, nest = TRUE)
)
level <- data.frame(level = c("high", "low", "mid"), Freq = c(60, 90, 80))
place <- data.frame(place = c("rural", "town"), Freq = c(100, 130))
designs$poststratified <- postStratify(designs$both, ~level, level)
designs$raked <- rake(designs$both, list(~level, ~place), list(level, place),
                      control = list(maxit = 500, epsilon = 1e-12))
rows <- list()
for (name in names(designs)) for (domain in c("", "level == 'high'", "place == 'rural'")) {
  whole <- designs[[name]]
  design <- if (domain == "") whole else subset(whole, eval(parse(text = domain)))
  df <- degf(design)
  add <- function(what, value, se, low, high, deff) rows[[length(rows) + 1]] <<- data.frame(
    design = name, domain, what, value = value, se = se, df, low, high, deff)
  t <- function(estimate) confint(estimate, df = df)
  m <- svymean(~score, design, deff = TRUE)
  s <- svytotal(~pupils, design, deff = TRUE)
  r <- svyratio(~score, ~score_before, design, deff = TRUE)
  p <- svymean(~meals, design, deff = TRUE)
  add("mean", coef(m)[[1]], SE(m)[[1]], t(m)[1], t(m)[2], deff(m)[[1]])
  add("total", coef(s)[[1]], SE(s)[[1]], t(s)[1], t(s)[2], deff(s)[[1]])
  add("ratio", coef(r)[[1]], SE(r)[[1]], t(r)[1], t(r)[2], deff(r)[[1]])
  for (method in c("xlogit", "beta")) {
    # nrow of a calibrated subset counts the rows outside too; hand it those inside
    span <- confint(svyciprop(~meals, design, method = method, df = df))
    add(method, coef(p)[[1]], SE(p)[[1]], span[1], span[2], deff(p)[[1]])
  }
}
all <- do.call(rbind, rows)
numeric <- vapply(all, is.double, TRUE)
all[numeric] <- lapply(all[numeric], function(x) vapply(x, format, "", digits = 17))
file <- file("survey.csv", open = "w")
writeLines(made_by, file)
write.csv(all, file, row.names = FALSE, quote = FALSE)
close(file)
