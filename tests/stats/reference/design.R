# Reference values from R for the tests of analysis.stats; the tests read the files and need no R.
# From the root of the repository: Rscript tests/stats/reference/design.R
# Needs R's survey package (Debian: r-cran-survey). staff.csv is invented; all else here is written.
suppressMessages(library(survey))
setwd("tests/stats/reference")

made_by <- sprintf("# %s, survey %s; written by design.R",
                   sub(" Patched", "", sub(" \\(.*", "", R.version.string)), packageVersion("survey"))
save_reference <- function(name, rows) {
  numeric <- vapply(rows, is.double, TRUE)
  rows[numeric] <- lapply(rows[numeric], function(x) vapply(x, format, "", digits = 17))
  file <- file(paste0(name, ".csv"), open = "w")
  writeLines(made_by, file)
  write.csv(rows, file, row.names = FALSE, quote = FALSE)
  close(file)
}

# Staff drawn within communities (M of them there) drawn within counties (N communities in the frame); community
# codes begin again in each county. Three communities are in the sample by decision, a stratum taken completely;
# N counts them with their county. 331003 and 331022 have all of their communities in the sample. Lone units count
# about zero.
options(survey.lonely.psu = "adjust")
staff <- read.csv("staff.csv", colClasses = c(county_code = "character", community_code = "character"))
staff$code <- paste0(staff$county_code, staff$community_code)
chosen <- unique(staff$code[staff$decided == 1])
of_county <- table(substr(chosen, 1, 6))
staff$stratum <- ifelse(staff$decided == 1, "by decision", staff$county_code)
taken <- as.vector(of_county[staff$county_code])
staff$size <- ifelse(staff$decided == 1, length(chosen), staff$N - ifelse(is.na(taken), 0, taken))
design <- svydesign(ids = ~code + respondent, strata = ~stratum, fpc = ~size + M, data = staff, nest = TRUE)
domains <- list(
  everyone = rep(TRUE, nrow(staff)),
  workers = staff$identity == "worker",
  cadres = staff$identity == "cadre",
  seconded = staff$identity == "seconded",     # in few communities, and in no community of two counties
  one_county = staff$county_code == "331002",
  taken_completely = staff$county_code %in% c("331003", "331022")
)
rows <- list()
for (domain in names(domains)) {
  part <- if (domain == "everyone") design else subset(design, domains[[domain]])
  days <- svymean(~days, part)
  span <- confint(days, df = degf(part))
  rows[[length(rows) + 1]] <- data.frame(
    domain, column = "days", method = "t", mean = coef(days)[[1]], se = SE(days)[[1]],
    degf = as.integer(degf(part)), low = span[1], high = span[2])
  # logit: the interval from svyglm, as documented; xlogit: the same by the delta method, no iterations
  for (method in c("logit", "xlogit")) {
    if (method == "logit" && degf(part) < 2) next  # svyglm has no degrees of freedom left
    by_line <- svyciprop(~by_line, part, method = method, df = degf(part))
    span <- confint(by_line)
    rows[[length(rows) + 1]] <- data.frame(
      domain, column = "by_line", method, mean = as.vector(by_line), se = SE(svymean(~by_line, part))[[1]],
      degf = as.integer(degf(part)), low = span[1], high = span[2])
  }
}
save_reference("design", do.call(rbind, rows))

# Communities, one stage: the share of those where the first person asked works by line, and a ratio of totals.
first <- staff[staff$respondent == 1, ]
places <- svydesign(ids = ~code, strata = ~stratum, fpc = ~size, data = first, nest = TRUE)
share <- svyciprop(~by_line, places, method = "xlogit", df = degf(places))
part <- svyratio(~days, ~M, places)
rows <- list(data.frame(what = "share", value = as.vector(share), low = confint(share)[1], high = confint(share)[2]),
             data.frame(what = "ratio", value = coef(part)[[1]], low = confint(part, df = degf(places))[1],
                        high = confint(part, df = degf(places))[2]))
save_reference("places", do.call(rbind, rows))

# Student's interval by county and for all.
students <- lapply(c("331000", unique(staff$county_code)), function(code) {
  days <- if (code == "331000") staff$days else staff$days[staff$county_code == code]
  test <- t.test(days)
  data.frame(district = code, mean = test$estimate[[1]], low = test$conf.int[1], high = test$conf.int[2],
             n = length(days))
})
save_reference("student", do.call(rbind, students))

# Wilson's interval, without continuity correction.
k <- c(0L, 10L, 1L, 0L, 3L, 12L, 174L, 236L, 354L, 724L)
n <- c(10L, 10L, 1L, 1L, 7L, 45L, 361L, 361L, 361L, 1533L)
wilson <- suppressWarnings(mapply(function(k, n) prop.test(k, n, correct = FALSE)$conf.int, k, n))
save_reference("wilson", data.frame(k, n, low = wilson[1, ], high = wilson[2, ]))

# Do nine counties have one common share? Pearson's chi-square, then Holm over the shares.
counties <- c("331002", "331003", "331004", "331082", "331081", "331083", "331023", "331024", "331022")
size <- c(61L, 38L, 44L, 57L, 52L, 29L, 33L, 27L, 20L)
counts <- list(
  certified = c(30L, 17L, 23L, 29L, 24L, 15L, 14L, 13L, 11L),      # alike
  rented = c(45L, 12L, 30L, 20L, 28L, 9L, 20L, 8L, 10L),           # far apart
  compliant = c(60L, 37L, 44L, 54L, 52L, 27L, 33L, 26L, 20L),      # near 100 %
  weak_linking = c(40L, 20L, 30L, 28L, 36L, 14L, 25L, 12L, 11L),   # p just below 0.05 alone
  joint_committee = c(36L, 26L, 20L, 39L, 22L, 20L, 18L, 20L, 8L)  # p of 0.0126, adjusted just above 0.05
)
tests <- lapply(names(counts), function(indicator) {
  k <- counts[[indicator]]
  test <- suppressWarnings(chisq.test(cbind(k, size - k), correct = FALSE))
  stopifnot(all.equal(test$p.value, suppressWarnings(prop.test(k, size))$p.value))
  data.frame(indicator, chi2 = test$statistic[[1]], p = test$p.value)
})
tests <- do.call(rbind, tests)
tests$holm <- p.adjust(tests$p, method = "holm")
save_reference("homogeneity", tests)
save_reference("counts", do.call(rbind, lapply(names(counts), function(indicator) {
  data.frame(indicator, district = counties, k = counts[[indicator]], n = size)
})))
